"""Take the head's motion out of the landmarks, fill short gaps, and measure the clip's quality.

A unit is a clip. Quality is measured here, where all that it needs is at hand, and judged in the
stage `quality`, whose limits can then change without computing anything again.
"""

from pathlib import Path

from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.landmarks import write_landmarks
from duchenne.pipeline import clips
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.schemas import landmarks


def normalize_clip(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    mesh, *faces = (given.path for given in unit.inputs)
    write_landmarks(mesh, faces[0] if faces else None, out, recipe=recipe)
    return Outcome()


def run(stage: Stage) -> None:
    mesh, faces = stage.dep("data/mesh"), stage.dep("data/faces")
    names, carried = clips.of(read_status(stage.dep("data/status/mesh.parquet")), pictures=False)

    def unit_of(name: str) -> Unit:
        laid, face = (folder / f"{name}.parquet" for folder in (mesh, faces))
        return Unit(name, (Input(laid), *([Input(face)] if face.exists() else ())))  # arrays: none

    fan_out(
        normalize_clip,
        [unit_of(name) for name in names],
        recipe=stage.recipe(stage.params.normalize, "numpy", writes=landmarks(478)),
        places=Places(
            stage.out("data/landmarks"), ".parquet", stage.out("data/status/normalize.parquet")
        ),
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=carried,
    )


def main() -> int:
    return execute("normalize")


if __name__ == "__main__":
    raise SystemExit(main())
