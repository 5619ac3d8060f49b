"""Probe the data set: what can be told without any smile, in the folds that all models share.

It depends on no model, so it runs once for a data set and a split; `aggregate` sets it beside each
model's scores.
"""

from duchenne.pipeline.stage import Stage, execute
from duchenne.probing import probe
from duchenne.tables.parquet import read, write
from duchenne.tables.schemas import CLIPS, FOLDS, PROBES


def run(stage: Stage) -> None:
    clips = read(CLIPS, stage.dep("data/clips.parquet"))
    folds = read(FOLDS, stage.dep("data/folds.parquet"))
    rest = stage.params.window.neutral_s
    found = probe(folds, clips, stage.dep("data/landmarks"), neutral_s=rest)
    made_by = stage.recipe(None, "numpy", "scikit-learn").made_by()
    write(PROBES, stage.out("data/probes.parquet"), found, made_by=made_by)


def main() -> int:
    return execute("probes")


if __name__ == "__main__":
    raise SystemExit(main())
