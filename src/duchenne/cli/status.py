"""`duchenne status`: the data set, what became of its clips, and its figures, in small tables.

What lies here may be of something else than params.yaml says: figures come with a clone, and a run
that ended early leaves what the run before it made. Such things are named, and not shown.
"""

import csv
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from duchenne.config.params import load
from duchenne.config.yaml import read_yaml
from duchenne.errors import listed
from duchenne.evaluation.summary import Run, as_report, headline
from duchenne.flow.cache import UnitCache, clocks
from duchenne.flow.gate import read_status
from duchenne.flow.settings import cache_folder
from duchenne.flow.unit import StatusRow, digest
from duchenne.tables.clips import CLIPS
from duchenne.tables.folds import FOLDS
from duchenne.tables.models import files
from duchenne.tables.parquet import Table as Kind
from duchenne.tables.parquet import read
from duchenne.tables.predictions import PREDICTIONS
from duchenne.tables.quality import QUALITY

DEMO_NOTE = "The demo is rendered, not filmed: its figures say nothing about real smiles."
DATASET, SUMMARY = "data/reports/dataset.json", "metrics/summary.json"
SCORES, FOLD_SCORES = "data/reports/scores.json", "metrics/plots/folds.csv"


def show(root: Path, console: Console) -> None:
    """Print what is of the data set, model, fusion and protocol that params.yaml names."""
    report, figures = root / DATASET, root / SUMMARY
    if not report.exists():
        console.print("no data set has been indexed here; run `dvc repro` in the project's folder")
    if not (report.exists() or figures.exists()):
        return
    params = load(root / "params.yaml")
    now = Run(params.dataset, params.model, params.fusion, params.protocol)._asdict()
    if report.exists():
        _show_clips(root, now, console)
    if figures.exists():
        _show_figures(root, now, console)
    if params.dataset == "demo":
        console.print(DEMO_NOTE)


def _show_clips(root: Path, now: Mapping[str, str], console: Console) -> None:
    """The data set and what became of its clips."""
    facts = json.loads((root / DATASET).read_text(encoding="utf-8"))
    if why := _mismatch({**now, "dataset": facts["dataset"]}, now):
        console.print(_not_shown(DATASET, why))
        return
    console.print(_dataset(facts))
    tables = _tables(root, demo=facts["dataset"] == "demo")
    former = _former(root / "data", tables)
    console.print(_stages({name: rows for name, rows in tables.items() if name not in former}))
    if former:
        why = "made of other clips than data/clips.parquet lists"
        console.print(_not_shown(", ".join(former), why))
    quality = root / "data" / "reports" / "quality.json"
    if quality.exists() and "quality" not in former:
        console.print(_used(json.loads(quality.read_text(encoding="utf-8"))))


def _used(rated: Mapping[str, Any]) -> str:
    left_out = ", ".join(f"{count} {reason}" for reason, count in rated["excluded"].items())
    rest = f"; left out: {left_out}" if left_out else ""
    return f"{rated['used']} of {rated['clips']} clips are used{rest}"


def _show_figures(root: Path, now: Mapping[str, str], console: Console) -> None:
    """Those of metrics/summary.json, which comes with a clone; and where data/reports/scores.json
    is of the same run, the others too."""
    try:
        found = json.loads((root / SUMMARY).read_text(encoding="utf-8"))
        why = _mismatch(found.get("run"), now)
    except ValueError:  # as a merge may leave it
        why = "it is not JSON"
    if not why and "accuracy" not in found:
        why = "an earlier version wrote it"
    if why:
        console.print(_not_shown(SUMMARY, why))
        return
    scores = _full(root / SCORES, found)
    figures = scores or as_report(found)
    console.print(_scores(figures))
    console.print(_length(figures.get("length", {}), clips=found["clips"]))
    if scores and (root / FOLD_SCORES).exists():
        console.print(_folds(root))
    if scores and "groups" in scores:
        console.print(_groups(scores["groups"]))
    if not scores:
        console.print(_not_shown(SCORES, "it is missing or of another run"))


def _full(path: Path, figures: Mapping[str, Any]) -> dict[str, Any] | None:
    """All figures, if those in metrics/summary.json are among them."""
    try:
        scores: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return scores if headline(scores) == figures else None


def _mismatch(of: object, now: Mapping[str, str]) -> str:
    """Why what says that it is `of` a run is not of the present one; empty if it is."""
    if not isinstance(of, dict) or of.keys() != now.keys():
        return f"it does not say of which {', '.join(now)} it is"
    other = [name for name in now if of[name] != now[name]]
    its, ours = (", ".join(f"{name} {run[name]}" for name in other) for run in (of, now))
    return f"it is of {its}, and params.yaml says {ours}" if other else ""


def _not_shown(what: str, why: str) -> Text:
    return Text(f"{what}: not shown, since {why}; run `dvc repro`")


def _clips(kind: Kind, path: Path) -> set[str]:
    """The clips that a table names; none where it is missing."""
    return set(read(kind, path, columns=["clip"])["clip"].to_pylist()) if path.exists() else set()


def _tables(root: Path, *, demo: bool) -> dict[str, list[StatusRow]]:
    """The status tables that there are, in the order of the stages; without those of stages that
    had nothing to do for this model."""
    names = read_yaml(root / "dvc.yaml")["stages"] if (root / "dvc.yaml").exists() else {}
    paths = {name: root / "data" / "status" / f"{name}.parquet" for name in names}
    found = {name: read_status(path) for name, path in paths.items() if path.exists()}
    return {name: rows for name, rows in found.items() if rows and (demo or name != "demo")}


def _former(data: Path, tables: Mapping[str, Sequence[StatusRow]]) -> list[str]:
    """The stages whose results are of other clips than those of the data set as it is now: the
    last run, which has listed them, has not come so far."""
    kinds = (CLIPS, QUALITY, FOLDS, PREDICTIONS)
    clips, rated, split, predicted = (_clips(kind, data / f"{kind.name}.parquet") for kind in kinds)
    units = {name: {row.unit for row in rows} for name, rows in tables.items()}
    units.pop("demo", None)  # which renders clips before they are listed
    trained = units.pop("train", None)  # whose units are folds
    units |= {"quality": rated} if rated else {}
    former = [name for name, names in units.items() if names != clips]
    if trained and (rated != clips or not predicted <= split):
        former.append("train")
    return former


def _dataset(facts: dict[str, object]) -> Table:
    table = Table("data set", "value", title_justify="left")
    for name, value in facts.items():
        if name == "cannot_be_read":  # the table of stages has these, with all others that failed
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{count} {key}" for key, count in value.items())  # noqa: PLW2901
        if isinstance(value, list):
            value = listed(value)  # noqa: PLW2901
        if value not in ("", None):
            table.add_row(name.replace("_", " "), f"{value}")
    return table


def _scores(found: dict[str, Any]) -> Table:
    """The pooled scores of all test clips."""
    title = "all test clips"
    if found.get("optimistic"):
        title += ", OPTIMISTIC: the epoch was chosen on them (protocol: published)"
    if found.get("padded"):
        title += ", PADDED: zeros after a clip's end tell how long it is (window.pad: zeros)"
    table = Table("score", "value", title=title, title_justify="left")
    pooled = found["pooled"]
    for name in pooled:
        if not name.endswith(("_low", "_high")):
            table.add_row(name.replace("_", " "), _with_interval(pooled, name))
    table.add_row("share of the commonest class", f"{found['majority']:.3f}")
    if unseen := found.get("unseen"):
        name = f"balanced accuracy without {unseen['clips']} unseen, which count as the commonest"
        table.add_row(name, _with_interval(unseen["without"], "balanced_accuracy"))
    if calibration := found.get("calibration"):
        table.add_row("with temperatures", _calibrated(calibration))
    for name, scores in found.get("probes", {}).items():
        cell = _with_interval(scores, "balanced_accuracy")
        table.add_row(f"probe: {name.replace('_', ' ')}", cell)
    return table


def _calibrated(found: Mapping[str, Any]) -> str:
    """What temperatures do to the probabilities, or why there are none."""
    if why := found.get("not_calibrated"):
        return f"not calibrated: {why}"
    return ", ".join(
        f"{words} {found[name]:.3f} to {found[f'{name}_calibrated']:.3f}"
        for words, name in (("log loss", "log_loss"), ("brier", "brier"))
    )


def _with_interval(scores: Mapping[str, Any], name: str) -> str:
    """`0.512 (0.430 to 0.590)`; the score alone where no interval is known, as in the headline."""
    low, high = (scores.get(f"{name}_{end}") for end in ("low", "high"))
    interval = "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
    return f"{scores[name]:.3f}{interval}"


def _length(found: Mapping[str, Any], *, clips: int) -> str:
    """What length alone tells, and what the model adds to it, as one line; `clips` were tested."""
    if not found:
        return "length alone: not probed: an earlier version made these figures"
    if "not_probed" in found:
        return f"length alone: not probed: {found['not_probed']}"
    pairs = "no posed and spontaneous clip are of equal length"
    if "pairs_auc" in found:
        pairs = f"between clips of equal length AUC {_with_interval(found, 'pairs_auc')}"
    gain = _with_interval(found, "gain_auc")
    some = (
        f" ({found['clips']} of {clips} clips have one)"
        if found.get("clips", clips) < clips
        else ""
    )
    return f"length alone{some}: AUC {found['auc']:.3f}; this model adds {gain}; {pairs}"


def _folds(root: Path) -> Table:
    """How well each fold's model fits its training part, and what it reaches on its test part."""
    names = ("clips", "subjects", "train_accuracy", "accuracy", "balanced_accuracy")
    table = Table("fold", *(name.replace("_", " ") for name in names), title_justify="left")
    with (root / FOLD_SCORES).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        cells = (row.get(name) or "" for name in names)
        table.add_row(row["fold"], *(f"{float(c):.3f}" if "." in c else c for c in cells))
    table.caption = _times(root, [row["fold"] for row in rows])
    return table


def _times(root: Path, folds: Sequence[str]) -> str:
    """How long training and predicting took, if it was done with this unit cache."""
    facts = {fold: files(root / "models/folds" / fold).facts for fold in folds}
    digests = {fold: digest(path) for fold, path in facts.items() if path.exists()}
    found = clocks(UnitCache(cache_folder()), "train", digests)
    if not digests or found.keys() != digests.keys():
        return ""
    each = 1000 * sum(clock.get("inference", math.nan) for clock in found.values()) / len(found)
    whole = sum(clock["unit"] for clock in found.values())
    return f"trained in {whole:,.1f} s, all folds together; a prediction takes {each:.1f} ms a clip"


def _groups(found: dict[str, dict[str, Any]]) -> Table:
    """The scores of each group, with how many they rest on; none where it shows one class."""
    names = ("clips", "subjects", "accuracy", "balanced_accuracy")
    table = Table("group", *(name.replace("_", " ") for name in names), title_justify="left")
    for column, groups in found.items():
        for group, figures in groups.items():
            cells = (figures.get(name, "") for name in names)
            words = (f"{cell:.3f}" if isinstance(cell, float) else f"{cell}" for cell in cells)
            table.add_row(f"{column} {group}".replace("_", " "), *words)
    return table


def _stages(tables: Mapping[str, Sequence[StatusRow]]) -> Table:
    """What each stage made of its clips. A clip that failed counts in the stage that found it, and
    stands there by name; `index` has a row where it could not read a file."""
    table = Table("stage", "ok", "partial", "failed", "reasons")
    unread = {row for rows in tables.values() for row in rows if row.stage == "index"}
    for name, rows in {**({"index": sorted(unread, key=repr)} if unread else {}), **tables}.items():
        own = [row for row in rows if not row.failed or row.stage == name]
        counts = Counter(row.status for row in own)
        units: dict[str, list[str]] = {}
        for row in own:
            if row.reason:
                units.setdefault(row.reason, []).append(row.unit if row.failed else "")
        words = ", ".join(
            f"{len(whose)} {reason}" + (f" ({listed(filter(None, whose))})" if any(whose) else "")
            for reason, whose in sorted(units.items(), key=lambda each: -len(each[1]))
        )
        table.add_row(name, *(str(counts[s]) for s in ("ok", "partial", "failed")), words)
    return table
