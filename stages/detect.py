"""Find the face and follow it through the clip, so that the mesh need not look for it.

A unit is a clip. One person is followed; where the face is not seen the box is NaN.
"""

from pathlib import Path

from duchenne.faces import write_faces
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.pipeline import clips
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.schemas import FACES


def find_face(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    [frames] = unit.inputs
    write_faces(frames.path, out, recipe=recipe)
    return Outcome()


def run(stage: Stage) -> None:
    frames = stage.dep("data/frames")
    names, carried = clips.of(read_status(stage.dep("data/status/decode.parquet")), pictures=True)
    fan_out(
        find_face,
        [Unit(name, (Input(frames / f"{name}.parquet"),)) for name in names],
        recipe=stage.recipe(
            stage.params.detect, "dlib-bin", "mediapipe", "opencv-contrib-python", writes=FACES
        ),
        places=Places(stage.out("data/faces"), ".parquet", stage.out("data/status/detect.parquet")),
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=carried,
    )


def main() -> int:
    return execute("detect")


if __name__ == "__main__":
    raise SystemExit(main())
