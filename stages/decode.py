"""Decode every clip to upright JPEG frames at a common rate, in true time.

A unit is a clip: a video, a folder of numbered pictures, or a still, which is a clip of one frame.
Landmark arrays and D-Markers have no pictures and pass without a file. What index could not read
keeps the reason that index found.
"""

from pathlib import Path

from duchenne.decoding import write_frames
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.pipeline.clips import NO_PICTURES, SEQUENCE, Clip, file_of, unread
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.parquet import read
from duchenne.tables.schemas import CLIPS, FRAMES


def decode_clip(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    [clip], kind, rate = unit.inputs, unit.spec["kind"], unit.spec.get("fps")
    if kind in NO_PICTURES:
        return Outcome("ok", kind, NO_PICTURES[kind])
    flaw = write_frames(clip, out, kind=kind, rate=rate, recipe=recipe).flaw()
    if flaw is None:
        return Outcome()
    return Outcome("partial" if flaw.partial else "ok", flaw.reason, flaw.detail)


def unit_of(clip: Clip, raw: Path, *, rate: float | None) -> Unit:
    file, kind = Input(file_of(clip, raw), clip["sha256"]), clip["kind"]
    spec = {"kind": kind, "fps": rate} if kind == SEQUENCE else {"kind": kind}
    return Unit(clip["clip"], (file,), spec)


def run(stage: Stage) -> None:
    raw = stage.dep("data/raw/${dataset}")
    clips = read(CLIPS, stage.dep("data/clips.parquet")).to_pylist()
    rate = getattr(stage.params.datasets[stage.params.dataset], "fps", None)
    places = Places(stage.out("data/frames"), ".parquet", stage.out("data/status/decode.parquet"))
    fan_out(
        decode_clip,
        [unit_of(clip, raw, rate=rate) for clip in clips if not clip["reason"]],
        recipe=stage.recipe(
            stage.params.decode, "av", "opencv-contrib-python", "pillow", writes=FRAMES
        ),
        places=places,
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=unread(clips),
    )


def main() -> int:
    return execute("decode")


if __name__ == "__main__":
    raise SystemExit(main())
