"""Put all folds together: scores, the audit, and what `dvc plots` draws.

The audit comes first: no figure is written of folds that have seen their test subjects.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from duchenne.evaluation.audit import audit
from duchenne.evaluation.length import length_scores
from duchenne.evaluation.plots import pictures
from duchenne.evaluation.scores import Predictions, calibration_scores
from duchenne.evaluation.summary import Run, headline, pooled, probe_scores, report
from duchenne.pipeline.clips import group_columns
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.clips import CLIPS
from duchenne.tables.dmarkers import read_seconds
from duchenne.tables.files import write_csv, write_json
from duchenne.tables.folds import FOLDS
from duchenne.tables.models import read_models
from duchenne.tables.parquet import read
from duchenne.tables.predictions import (
    PREDICTIONS,
    PROBABILITY,
    PROBES,
    as_predictions,
    only_tested,
)
from duchenne.tables.quality import QUALITY


def score(
    rows: pa.Table,
    facts: Mapping[str, Mapping[str, Any]],
    *,
    run: Run,
    groups: Sequence[str],
    probes: pa.Table | None = None,
    seconds: Mapping[str, float] | None = None,
    unseen: pa.Table | None = None,
) -> dict[str, Any]:
    """data/reports/scores.json. Two marks stand there as 1, only where they hold: `optimistic` (the
    epoch was chosen on the test clips) and `padded` (windows end in zeros, which tell how long a
    clip is). `parameters` is the size of the largest fold's model. `seconds` are the lengths of the
    clips that have one. `unseen` are rows of an official test part that the model could not see:
    they count, and what it reaches without them is given too."""
    seen_rows, rows = rows, pa.concat_tables([rows, unseen]) if unseen else rows
    columns = {name: rows[name].to_pylist() for name in groups}
    parameters = max(about["parameters"] for about in facts.values())
    found = {"run": run._asdict(), "parameters": parameters}
    tested, seen = as_predictions(rows), _by_probe(probes) if probes else {}
    found |= report(tested, columns, expected_folds=sorted(facts))
    if unseen:
        found["unseen"] = {"clips": unseen.num_rows, "without": pooled(as_predictions(seen_rows))}
    found |= {"probes": {name: probe_scores(said) for name, said in seen.items()}} if seen else {}
    told = {name: (about["temperature"], about["not_calibrated"]) for name, about in facts.items()}
    found["calibration"] = calibration_scores(as_predictions(seen_rows), told)
    lengths = np.array([(seconds or {}).get(clip, np.nan) for clip in tested.clip.tolist()])
    found |= {"length": length_scores(tested, seen.get("duration"), lengths)}
    marks = {"optimistic": _optimistic(facts), "padded": _padded(facts)}
    return {name: 1 for name, holds in marks.items() if holds} | found


def unseen_of(rows: pa.Table, folds: pa.Table, quality: pa.Table, clips: pa.Table) -> pa.Table:
    """Rows of `predictions` for the clips of an official test part that `quality` left out; none if
    the folds are others. Their probabilities are the classes' shares in the training part, so that
    the commonest is told."""
    used = set(quality.filter(quality["used"])["clip"].to_pylist())
    there = set(rows["fold"].to_pylist())
    about = {row["clip"]: row for row in clips.to_pylist()}
    learnt = folds.filter(pc.equal(folds["role"], "train"))["clip"].to_pylist()
    classes = [name for name in rows.column_names if PROBABILITY.fullmatch(name)]
    labels = [about[clip]["label"] for clip in learnt]
    shares = {f"p_{k}": labels.count(k) / max(len(labels), 1) for k in range(len(classes))}
    missing = [row | shares for clip, row in about.items()
               if row["role"] == "test" and row["fold"] in there and clip not in used]  # fmt: skip
    columns = {name: [row[name] for row in missing] for name in rows.column_names}
    return pa.table(columns, schema=rows.schema)


def prove(
    rows: pa.Table, folds: pa.Table, clips: pa.Table, facts: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """data/reports/audit.json; raises where a fold has seen its test subjects."""
    subjects = dict(zip(clips["clip"].to_pylist(), clips["subject"].to_pylist(), strict=True))
    proof = audit(
        [(row["fold"], row["clip"], row["role"]) for row in folds.to_pylist()],
        subjects,
        predictions=as_predictions(rows),
        fitted={fold: about["fitted"] for fold, about in facts.items()},
        trained_on_val=any("val" in about["learns"] for about in facts.values()),
    )
    [chosen_on] = {about["epoch_chosen_on"] for about in facts.values()}
    return {"optimistic": _optimistic(facts), "epoch_chosen_on": chosen_on, **proof}


def _by_probe(probes: pa.Table) -> dict[str, Predictions]:
    names = sorted(set(probes["probe"].to_pylist()))
    tables = {name: probes.filter(pc.equal(probes["probe"], name)) for name in names}
    return {name: as_predictions(rows) for name, rows in tables.items()}


def _optimistic(facts: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether figures are optimistic: one optimistic fold makes all of them so."""
    return any(about["optimistic"] for about in facts.values())


def _padded(facts: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(about["padded"] for about in facts.values())


def read_history(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(stage: Stage) -> None:
    clips = read(CLIPS, stage.dep("data/clips.parquet"))
    folds = read(FOLDS, stage.dep("data/folds.parquet"))
    rows = only_tested(read(PREDICTIONS, stage.dep("data/predictions.parquet")))
    facts = read_models(stage.dep("models/folds"), sorted(set(folds["fold"].to_pylist())))
    write_json(stage.out("data/reports/audit.json"), prove(rows, folds, clips, facts))
    probes = read(PROBES, stage.dep("data/probes.parquet"))
    of = Run(
        dataset=stage.params.dataset, model=stage.params.model, fusion=stage.params.fusion,
        protocol=stage.params.protocol,
    )  # fmt: skip
    unseen = unseen_of(rows, folds, read(QUALITY, stage.dep("data/quality.parquet")), clips)
    scores = score(
        rows,
        facts,
        run=of,
        groups=group_columns(clips),
        probes=probes,
        seconds=read_seconds(stage.dep("data/dmarkers.parquet")),
        unseen=unseen,
    )
    write_json(stage.out("data/reports/scores.json"), scores)
    write_json(stage.out("metrics/summary.json"), headline(scores))
    history = read_history(stage.dep("data/history.csv"))
    names = next(iter(facts.values()))["classes"]
    whole = as_predictions(pa.concat_tables([rows, unseen]))
    tables = pictures(whole, history, names=names)
    write_csv(stage.out("metrics/plots/folds.csv"), *tables.folds)
    write_csv(stage.out("metrics/plots/roc.csv"), *tables.roc)
    write_csv(stage.out("metrics/plots/confusion.csv"), *tables.confusion)
    write_csv(stage.out("metrics/plots/calibration.csv"), *tables.calibration)
    write_csv(stage.out("metrics/plots/training.csv"), *tables.training)
    write_csv(stage.out("metrics/plots/accuracy.csv"), *tables.accuracy)


def main() -> int:
    return execute("aggregate")


if __name__ == "__main__":
    raise SystemExit(main())
