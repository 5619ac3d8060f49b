"""`duchenne compare`: is one run better than another, and by how much; the table of a paper."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from duchenne.errors import EvaluationError, listed
from duchenne.evaluation.paired import MEASURES, Test, compare, descriptive, holm, values
from duchenne.evaluation.scores import Predictions
from duchenne.pipeline.revisions import Run, chosen
from duchenne.tables import parquet
from duchenne.tables.dmarkers import read_seconds
from duchenne.tables.folds import FOLDS
from duchenne.tables.predictions import PREDICTIONS, as_predictions, only_tested

MARKS = ("optimistic", "padded")
_PARAMS = "data/params"


@dataclass(frozen=True)
class Config:
    """Runs that differ by `seed` alone."""

    runs: tuple[Run, ...]
    params: Mapping[str, Any]
    scores: Mapping[str, Any]  # of the first run
    rows: tuple[pa.Table, ...]  # predictions of test clips, of each run
    label: str = ""  # how its settings differ from the reference's

    @property
    def name(self) -> str:
        more = f" and {len(self.runs) - 1} more" if len(self.runs) > 1 else ""
        return f"{self.runs[0].name}{more}"

    @property
    def marks(self) -> list[str]:
        return [mark for mark in MARKS if self.scores.get(mark)]

    @property
    def run(self) -> dict[str, str]:
        return dict(self.scores["run"])

    def predictions(self) -> list[Predictions]:
        return [as_predictions(table) for table in self.rows]

    def only(self, clips: Iterable[str]) -> "Config":
        """With the rows of these clips, in this order."""
        order = list(clips)
        tables = []
        for table in self.rows:
            place = {clip: number for number, clip in enumerate(table["clip"].to_pylist())}
            tables.append(table.take([place[clip] for clip in order]))
        return replace(self, rows=tuple(tables))


@dataclass(frozen=True)
class Row:
    """One configuration against the reference; no tests are made of the reference itself, nor where
    one figure is optimistic and the other is not."""

    config: Config
    group: str
    values: Mapping[str, float]
    tests: Mapping[str, Test]
    usual: Mapping[str, float]
    adjusted: Mapping[str, float]


@dataclass(frozen=True)
class Comparison:
    rows: list[Row]
    remarks: list[str]


def against(
    root: Path, patterns: Sequence[str], *, reference: str | None, common: bool, by: str | None
) -> Comparison:
    """All runs that `patterns` name against the first, or against `reference`."""
    names = [reference, *patterns] if reference else list(patterns)
    configs = configurations(chosen(root, names))
    configs, remarks = agreeing(configs, common=common)
    first, *others = _labelled(configs)
    if not others:
        raise EvaluationError(
            f"{listed(run.name for run in first.runs)} differ by nothing but the seed, so they are "
            "one configuration; name another run to compare it with"
        )
    seconds = _seconds(first)
    train = _learnt(first)
    rows = []
    for group, clips in _groups(first, by):
        ours = [config.only(clips) for config in (first, *others)]
        rows += _rows(ours, group, np.array([seconds.get(clip, np.nan) for clip in clips]), train)
    return Comparison(rows, [*remarks, *_contrasts(configs), *_lengths(configs, seconds)])


def configurations(runs: Sequence[Run]) -> list[Config]:
    """The runs by configuration, in the order of their first one."""
    found: dict[str, Config] = {}
    for run in runs:
        params = _params(run)
        key = repr(sorted((name, value) for name, value in params.items() if name != "seed"))
        rows = only_tested(parquet.read(PREDICTIONS, run.find("data/predictions.parquet")))
        if key in found:
            known = found[key]
            found[key] = replace(known, runs=(*known.runs, run), rows=(*known.rows, rows))
        else:
            scores = run.json("data/reports/scores.json")
            found[key] = Config((run,), params, scores, (rows,))
    return list(found.values())


def agreeing(configs: Sequence[Config], *, common: bool) -> tuple[list[Config], list[str]]:
    """The configurations with the same clips in the same order; EvaluationError where they cannot
    be paired. With `common` clips that not all have are left out, and a remark says how many."""
    first = configs[0]
    for config in configs[1:]:
        if config.run["dataset"] != first.run["dataset"]:
            raise EvaluationError(
                f"{config.name} is of data set {config.run['dataset']}, {first.name} of "
                f"{first.run['dataset']}; compare runs of one data set"
            )
    folds = [_by_clip(table, "fold") for config in configs for table in config.rows]
    shared = set.intersection(*map(set, folds))
    every = set.union(*map(set, folds))
    if not shared:
        raise EvaluationError(f"{listed(config.name for config in configs)} share no test clip")
    if len(shared) < len(every) and not common:
        raise EvaluationError(
            f"{len(every) - len(shared)} of {len(every)} clips are not in all runs "
            f"({listed(every - shared)}); --common compares on the {len(shared)} that are"
        )
    for config, table in ((c, table) for c in configs for table in c.rows):
        here, there = _by_clip(table, "fold"), folds[0]
        moved = sorted(clip for clip in shared if here[clip] != there[clip])
        if moved:
            raise EvaluationError(
                f"{config.name} tests {moved[0]} in fold {here[moved[0]]}, {first.name} in fold "
                f"{there[moved[0]]}; compare runs with the same folds.scheme, count and seed"
            )
    clips = [clip for clip in first.rows[0]["clip"].to_pylist() if clip in shared]
    same = [config.only(clips) for config in configs]
    _check(same[0])
    left = len(every) - len(shared)
    remarks = [f"compared on the {len(shared)} clips that all runs have; {left} left out"]
    return same, remarks if left else []


def _check(config: Config) -> None:
    label, fold = (config.rows[0][name].to_numpy() for name in ("label", "fold"))
    names = sorted(set(fold.tolist()))
    if len(names) < 2:
        raise EvaluationError(
            f"there is a single fold, {names[0]}, so nothing is known of the spread between folds; "
            "compare runs with folds.scheme: stratified"
        )
    poor = [name for name in names if len(set(label[fold == name].tolist())) < 2]
    if poor:
        raise EvaluationError(f"fold {listed(poor)} tests clips of one class, which has no score")


def _rows(configs: Sequence[Config], group: str, seconds: Any, train: float) -> list[Row]:
    reference = configs[0].predictions()
    rows = []
    for config in configs:
        ours = config.predictions()
        own = values(ours, seconds)
        ranked = config is not configs[0] and config.run["protocol"] == configs[0].run["protocol"]
        tests = compare(ours, reference, seconds) if ranked else {}
        usual = descriptive(ours, reference, train=train) if ranked else {}
        rows.append(Row(config, group, own, tests, usual, {}))
    adjusted: list[dict[str, float]] = [{} for _ in rows]
    for name in MEASURES:
        tested = [number for number, row in enumerate(rows) if name in row.tests]
        for number, p in zip(tested, holm([rows[n].tests[name].p for n in tested]), strict=True):
            adjusted[number][name] = p
    return [replace(row, adjusted=p) for row, p in zip(rows, adjusted, strict=True)]


def _groups(config: Config, by: str | None) -> list[tuple[str, list[str]]]:
    table = config.rows[0]
    clips = table["clip"].to_pylist()
    if by is None:
        return [("", clips)]
    if by not in table.column_names or not pa.types.is_string(table.schema.field(by).type):
        known = [f.name for f in table.schema if pa.types.is_string(f.type)]
        groups = sorted(set(known) - {"fold", "clip", "subject", "role"})
        raise EvaluationError(f"--by: there is no group '{by}'; there are: {', '.join(groups)}")
    values = table[by].to_pylist()
    return [
        (str(value), [clip for clip, own in zip(clips, values, strict=True) if own == value])
        for value in sorted({value for value in values if value is not None})
    ]


def _contrasts(configs: Sequence[Config]) -> list[str]:
    """What a choice of the papers adds to the figure, of runs that differ by it alone."""
    found = []
    for name, flattering, honest, words in (
        ("protocol", "published", "nested", "the epoch chosen on test clips adds"),
        ("window.pad", "zeros", "mask", "padding with zeros adds"),
    ):
        for one in (c for c in configs if c.params.get(name) == flattering):
            rest = {k: v for k, v in one.params.items() if k not in (name, "seed")}
            for other in configs:
                same = {k: v for k, v in other.params.items() if k not in (name, "seed")}
                if other.params.get(name) == honest and rest == same:
                    nothing = np.full(len(one.rows[0]), np.nan)
                    test = compare(one.predictions(), other.predictions(), nothing)
                    gain = signed(test["balanced_accuracy"])
                    found.append(f"{words} {gain} to balanced accuracy ({one.name}, {other.name})")
    return found


def _lengths(configs: Sequence[Config], seconds: Mapping[str, float]) -> list[str]:
    if not seconds:
        return ["no clip has a length, so clips of equal length are not compared"]
    found = []
    for config in configs:
        length = config.scores.get("length", {})
        if "gain_auc" in length:
            low, high = (length.get(f"gain_auc_{end}", np.nan) for end in ("low", "high"))
            gain = signed(Test(length["gain_auc"], low, high, np.nan))
            found.append(f"{config.name} adds {gain} AUC to what length alone tells")
    return found


# ---- Files of a run ------------------------------------------------------------------------------
def _params(run: Run) -> dict[str, Any]:
    """All parameters of a run, `window.frames` and so on, whatever stage reads them."""
    found: dict[str, Any] = {}
    for path in run.folder(_PARAMS):
        if not path.endswith("/published.json"):
            found |= dict(_flat(run.json(path)))
    return found


def _flat(values: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _labelled(configs: Sequence[Config]) -> list[Config]:
    """With what is other than the reference's, as `-S` takes it. Of another model its name says it:
    settings of `auto` differ with it."""
    first = configs[0].params
    found = []
    for config in configs:
        own = {k: v for k, v in config.params.items() if k != "seed" and first.get(k) != v}
        if "model" in own:
            own = {k: v for k, v in own.items() if "." not in k}
        short = [f"{k}={v}" for k, v in sorted(own.items(), key=lambda pair: len(pair[0]))]
        more = f" and {len(short) - 3} more" if len(short) > 3 else ""
        found.append(replace(config, label=", ".join(short[:3]) + more))
    return found


def _by_clip(table: pa.Table, column: str) -> dict[str, str]:
    return dict(zip(table["clip"].to_pylist(), table[column].to_pylist(), strict=True))


def _seconds(config: Config) -> dict[str, float]:
    return read_seconds(config.runs[0].find("data/dmarkers.parquet"))


def _learnt(config: Config) -> float:
    """The mean number of clips that a fold learns from."""
    table = parquet.read(FOLDS, config.runs[0].find("data/folds.parquet"))
    roles, folds = table["role"].to_pylist(), set(table["fold"].to_pylist())
    return float(roles.count("train") / len(folds))


def signed(test: Test) -> str:
    ends = f" ({test.low:+.3f} to {test.high:+.3f})" if np.isfinite(test.low) else ""
    return f"{test.difference:+.3f}{ends}"
