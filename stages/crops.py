"""Cut aligned chips of the face at the rate of a window, for models that look at pictures.

A unit is a clip. Where `model` looks at no pictures there is none, and nothing is read.
"""

from pathlib import Path

from duchenne.config.models import NEEDS
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Outcome, Recipe, Row, Unit
from duchenne.pipeline import clips
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.crops import CropParams, unit_of
from duchenne.tables.parquet import read
from duchenne.tables.schemas import CLIPS, crops


def cut_chips(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    from duchenne.cropping import write_crops  # and with it OpenCV

    frames, *face = (given.path for given in unit.inputs)
    write_crops(frames, face[0] if face else None, out, recipe=recipe, **unit.spec)
    return Outcome()


def units_of(stage: Stage, *, unaligned: bool) -> tuple[list[Unit], list[Row]]:
    made = [stage.dep("data/frames"), stage.dep("data/mesh"), stage.dep("data/faces")]
    rows = read_status(stage.dep("data/status/mesh.parquet"))
    table = read(CLIPS, stage.dep("data/clips.parquet")).to_pylist()
    shown, carried = clips.shown(rows, table, unaligned=unaligned)
    return [unit_of(name, *made, aligned=aligned) for name, aligned in shown.items()], carried


def run(stage: Stage) -> None:
    needs, fps = NEEDS[stage.params.model], stage.params.window.fps
    params = CropParams(**needs.chip._asdict(), fps=fps) if needs.chip else None
    units, carried = units_of(stage, unaligned=needs.unaligned) if needs.chip else ([], [])
    fan_out(
        cut_chips,
        units,
        recipe=stage.recipe(params, "numpy", "opencv-contrib-python", writes=crops(48, 3)),
        places=Places(stage.out("data/crops"), ".parquet", stage.out("data/status/crops.parquet")),
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=carried,
    )


def main() -> int:
    return execute("crops")


if __name__ == "__main__":
    raise SystemExit(main())
