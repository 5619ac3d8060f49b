"""Detect the face and track it through the clip: a box in each frame, for the mesh.

A unit is a clip. One person is tracked; the box is NaN in frames without the face.
"""

from duchenne.config.params import Detect
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Unit
from duchenne.pipeline import clips
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.faces import FACES
from duchenne.units.detect import find_face


def run(stage: Stage) -> None:
    frames = stage.dep("data/frames")
    names, carried = clips.of(read_status(stage.dep("data/status/decode.parquet")), pictures=True)
    searching = Detect(  # cuts are found by the stage mesh
        backend=stage.params.detect.backend,
        select=stage.params.detect.select,
        every=stage.params.detect.every,
        min_score=stage.params.detect.min_score,
        threads=stage.params.detect.threads,
        cuts="refuse",
    )
    fan_out(
        find_face,
        [Unit(name, (Input(frames / f"{name}.parquet"),)) for name in names],
        recipe=stage.recipe(
            searching,
            "dlib-bin",
            "mediapipe",
            "opencv-contrib-python",
            writes=FACES,
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
