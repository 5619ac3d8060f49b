"""Normalise the pose of landmarks, fill short gaps, and measure the clip's quality.

A unit is a clip. Quality is measured here, where mesh, boxes and normalised landmarks are in
memory. The stage `quality` applies the limits, so that a new limit computes nothing again.
"""

from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Unit
from duchenne.pipeline import clips
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.landmarks import landmarks_table
from duchenne.units.normalize import normalize_clip


def run(stage: Stage) -> None:
    mesh, faces = stage.dep("data/mesh"), stage.dep("data/faces")
    names, carried = clips.of(read_status(stage.dep("data/status/mesh.parquet")), pictures=False)

    def unit_of(name: str) -> Unit:
        laid, face = (folder / f"{name}.parquet" for folder in (mesh, faces))
        return Unit(name, (Input(laid), *([Input(face)] if face.exists() else ())))  # arrays: none

    fan_out(
        normalize_clip,
        [unit_of(name) for name in names],
        recipe=stage.recipe(stage.params.normalize, "numpy", writes=landmarks_table(478)),
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
