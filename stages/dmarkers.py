"""Duchenne Markers: smile signals, phases and 225 features of every clip, in true time.

A unit is a clip. D-Markers that were computed elsewhere are taken over as they are. No label gets
into any of them; labels are read for the pictures alone.
"""

from pathlib import Path

from duchenne import clips
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.markers import DMARKERS, merge, write_given, write_markers
from duchenne.schemas import CLIPS
from duchenne.smiles import write_plots
from duchenne.stage import Stage, execute
from duchenne.tables import read


def mark(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    [given] = unit.inputs
    write = write_given if unit.spec["kind"] == clips.DMARKERS else write_markers
    return write(unit.name, given.path, out, recipe=recipe)


def unit_of(clip: clips.Clip, *, landmarks: Path, raw: Path) -> Unit:
    name, kind = clip["clip"], clip["kind"]
    given = kind == clips.DMARKERS
    file = clips.file_of(clip, raw) if given else landmarks / f"{name}.parquet"
    return Unit(name, (Input(file),), {"kind": kind, "clip": name})


def run(stage: Stage) -> None:
    landmarks, raw = stage.dep("data/landmarks"), stage.dep("data/raw/${dataset}")
    table = read(CLIPS, stage.dep("data/clips.parquet"))
    rows = read_status(stage.dep("data/status/normalize.parquet"))
    failed = {row.unit: row for row in rows if row.failed}
    recipe = stage.recipe(stage.params.dmarkers, "numpy", writes=DMARKERS)
    places = Places(stage.scratch("clips"), "", stage.out("data/status/dmarkers.parquet"))
    done = fan_out(
        mark,
        [
            unit_of(clip, landmarks=landmarks, raw=raw)
            for clip in table.to_pylist()
            if clip["clip"] not in failed
        ],
        recipe=recipe,
        places=places,
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=list(failed.values()),
    )
    signals, dmarkers = stage.out("data/signals.parquet"), stage.out("data/dmarkers.parquet")
    parts = [places.of(row.unit) for row in done if not row.failed]
    merge(parts, signals, dmarkers, recipe=recipe)
    smiles, values = stage.out("metrics/plots/smiles.csv"), stage.out("metrics/plots/markers.csv")
    write_plots(signals, dmarkers, table, smiles, values)


def main() -> int:
    return execute("dmarkers")


if __name__ == "__main__":
    raise SystemExit(main())
