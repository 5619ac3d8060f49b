"""Duchenne Markers: smile signals, phases and 225 features of every clip, in true time.

A unit is a clip. D-Markers from elsewhere stay; photographs have none. Labels serve pictures alone.
"""

from pathlib import Path

from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.marking import merge, write_given, write_markers
from duchenne.pipeline import clips
from duchenne.pipeline.stage import Stage, execute
from duchenne.smiles import write_plots
from duchenne.tables.dmarkers import DMARKERS
from duchenne.tables.parquet import read
from duchenne.tables.schemas import CLIPS


def mark(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    write = write_given if unit.spec["kind"] == clips.DMARKERS else write_markers
    return write(unit.name, unit.inputs[0].path, out, recipe=recipe)


def unit_of(clip: clips.Clip, *, landmarks: Path, raw: Path) -> Unit:
    made = landmarks / f"{clip['clip']}.parquet"
    file = clips.file_of(clip, raw) if clip["kind"] == clips.DMARKERS else made
    return Unit(clip["clip"], (Input(file),), {"kind": clip["kind"], "clip": clip["clip"]})


def run(stage: Stage) -> None:
    places = {"landmarks": stage.dep("data/landmarks"), "raw": stage.dep("data/raw/${dataset}")}
    table = read(CLIPS, stage.dep("data/clips.parquet"))
    before = read_status(stage.dep("data/status/normalize.parquet"))
    passed = {row.unit: row for row in clips.unmoving(before, table.to_pylist())}
    scratch = Places(stage.scratch("clips"), "", stage.out("data/status/dmarkers.parquet"))
    recipe = stage.recipe(stage.params.dmarkers, "numpy", writes=DMARKERS)
    done = fan_out(
        mark,
        [unit_of(clip, **places) for clip in table.to_pylist() if clip["clip"] not in passed],
        recipe=recipe,
        places=scratch,
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=list(passed.values()),
    )
    outs = stage.out("data/signals.parquet"), stage.out("data/dmarkers.parquet")
    made = [row.unit for row in done if not (row.failed or row.unit in passed)]
    merge([scratch.of(name) for name in made], *outs, recipe=recipe)
    plots = stage.out("metrics/plots/smiles.csv"), stage.out("metrics/plots/markers.csv")
    write_plots(*outs, table, *plots)


def main() -> int:
    return execute("dmarkers")


if __name__ == "__main__":
    raise SystemExit(main())
