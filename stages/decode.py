"""Decode every clip to upright JPEG frames at a common rate, in true time.

A unit is a clip. Landmark arrays have no pictures and pass without a file; a still is a clip of one
frame. What index could not read keeps the reason that index found.
"""

from pathlib import Path
from typing import Any

from duchenne.datasets.listing import unread
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.frames import check_same, write_frames
from duchenne.stage import Stage, execute
from duchenne.tables import CLIPS, read


def decode_clip(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    [clip] = unit.inputs
    check_same(clip)
    if unit.spec["kind"] == "landmarks":
        return Outcome("ok", "landmarks", "coordinates, no pictures to decode")
    flaw = write_frames(clip.path, out, kind=unit.spec["kind"], recipe=recipe).flaw()
    if flaw is None:
        return Outcome()
    return Outcome("partial" if flaw.partial else "ok", flaw.reason, flaw.detail)


def unit_of(clip: dict[str, Any], root: Path) -> Unit:
    file = Input(root / clip["path"], clip["sha256"])
    return Unit(clip["clip"], (file,), {"kind": clip["kind"]})


def run(stage: Stage) -> None:
    stage.dep("data/raw/${dataset}")  # where the paths in the clips table lead
    clips = read(CLIPS, stage.dep("data/clips.parquet")).to_pylist()
    places = Places(stage.out("data/frames"), ".parquet", stage.out("data/status/decode.parquet"))
    fan_out(
        decode_clip,
        [unit_of(clip, stage.root) for clip in clips if not clip["reason"]],
        recipe=stage.recipe(stage.params.decode, "av", "opencv-contrib-python", "pillow"),
        places=places,
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=unread(clips),
    )


def main() -> int:
    return execute("decode")


if __name__ == "__main__":
    raise SystemExit(main())
