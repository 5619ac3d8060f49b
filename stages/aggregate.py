"""Put all folds together: scores, the audit, and what `dvc plots` draws.

The audit comes first: no figure is written of folds that have seen their test subjects.
"""

from duchenne.pictures import pictures, read_history
from duchenne.pipeline.clips import group_columns
from duchenne.pipeline.stage import Stage, execute
from duchenne.results import Run, as_predictions, models, prove, summarise, tested
from duchenne.tables.files import write_csv, write_json
from duchenne.tables.parquet import read
from duchenne.tables.schemas import CLIPS, FOLDS, PREDICTIONS, PROBES


def run(stage: Stage) -> None:
    clips = read(CLIPS, stage.dep("data/clips.parquet"))
    folds = read(FOLDS, stage.dep("data/folds.parquet"))
    rows = tested(read(PREDICTIONS, stage.dep("data/predictions.parquet")))
    facts = models(stage.dep("models/folds"), sorted(set(folds["fold"].to_pylist())))
    write_json(stage.out("data/reports/audit.json"), prove(rows, folds, clips, facts))
    probes = read(PROBES, stage.dep("data/probes.parquet"))
    of = Run(
        dataset=stage.params.dataset, model=stage.params.model, fusion=stage.params.fusion,
        protocol=stage.params.protocol,
    )  # fmt: skip
    found = summarise(rows, facts, run=of, groups=group_columns(clips), probes=probes)
    write_json(stage.out("metrics/summary.json"), found)
    history = read_history(stage.dep("data/history.csv"))
    names = next(iter(facts.values()))["classes"]
    tables = pictures(as_predictions(rows), history, names=names)
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
