"""Decode every clip to upright JPEG frames at a common rate, in true time.

A unit is a clip: a video, a folder of numbered pictures, or a still, which is a clip of one frame.
Landmark arrays and D-Markers have no pictures and get no file. Clips that index could not read keep
the reason that index found.
"""

from pathlib import Path

from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.unit import Input, Unit
from duchenne.pipeline.clips import SEQUENCE, Clip, file_of, undecoded
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.clips import CLIPS
from duchenne.tables.frames import FRAMES
from duchenne.tables.parquet import read
from duchenne.units.decode import decode_clip


def unit_of(clip: Clip, raw: Path, *, rate: float | None) -> Unit:
    """The unit of a clip in the folder `raw`; `rate` (Hz) is for sequences."""
    file, kind = Input(file_of(clip, raw), clip["sha256"]), clip["kind"]
    spec = {"kind": kind, "fps": rate} if kind == SEQUENCE else {"kind": kind}
    return Unit(clip["clip"], (file,), spec)


def run(stage: Stage) -> None:
    raw = stage.dep("data/raw/${dataset}")
    clips = read(CLIPS, stage.dep("data/clips.parquet")).to_pylist()
    rate = getattr(stage.params.datasets[stage.params.dataset], "fps", None)
    passed = {row.unit: row for row in undecoded(clips)}
    places = Places(stage.out("data/frames"), ".parquet", stage.out("data/status/decode.parquet"))
    fan_out(
        decode_clip,
        [unit_of(clip, raw, rate=rate) for clip in clips if clip["clip"] not in passed],
        recipe=stage.recipe(
            stage.params.decode, "av", "opencv-contrib-python", "pillow", writes=FRAMES
        ),
        places=places,
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=list(passed.values()),
    )


def main() -> int:
    return execute("decode")


if __name__ == "__main__":
    raise SystemExit(main())
