"""Decode one clip to upright JPEG frames at a common rate, in true time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast

from duchenne.config.params import Decode
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.media.facts import Facts
from duchenne.media.jpeg import Picture
from duchenne.media.sequence import open_sequence
from duchenne.media.still import read_pixels, read_still
from duchenne.media.video import open_video
from duchenne.tables import parquet
from duchenne.tables.frames import FRAMES

GROUP = 64  # pictures in a row group, about 2 MB; a reader has one group in memory
_STILLS = {"image": read_still, "pixels": read_pixels}
_FACTS = [name for names, _ in FRAMES.facts for name in names.split(", ")]


def decode_clip(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the frames of one clip."""
    [clip], kind, rate = unit.inputs, unit.spec["kind"], unit.spec.get("fps")
    flaw = write_frames(clip, out, kind=kind, rate=rate, recipe=recipe).flaw()
    if flaw is None:
        return Outcome()
    return Outcome("partial" if flaw.partial else "ok", flaw.reason, flaw.detail)


def write_frames(
    clip: Input, target: Path, *, kind: str, recipe: Recipe, rate: float | None = None
) -> Facts:
    """Decode a clip of any kind with pictures into a frames table, with facts in its metadata.

    `rate` (Hz) is the frame rate of a sequence, which its files do not tell. A clip whose digest is
    not `clip.sha256` is Unusable as `changed`.
    """
    params = cast(Decode, recipe.params)
    how: dict[str, Any] = {
        "max_side": params.max_side,
        "quality": params.jpeg_quality,
        "sha256": clip.sha256,
    }
    with parquet.Writer(FRAMES, target, made_by=recipe.made_by()) as writer:
        if kind in _STILLS:
            picture, facts = _STILLS[kind](clip.path, **how)
            _append(writer, [picture])
        else:
            moving = (
                open_sequence(clip.path, rate=rate, fps=params.fps, **how)
                if kind == "sequence"
                else open_video(clip.path, fps=params.fps, **how)
            )
            with moving as pictures:
                _append(writer, pictures)
                facts = pictures.facts
        writer.facts(**{name: getattr(facts, name) for name in _FACTS})
    return facts


def _append(writer: parquet.Writer, pictures: Iterable[Picture]) -> None:
    for group in _groups(iter(pictures)):
        writer.append(
            {
                "frame": [picture.frame for picture in group],
                "time": [picture.time for picture in group],
                "jpeg": [picture.jpeg for picture in group],
            }
        )


def _groups(pictures: Iterator[Picture]) -> Iterator[list[Picture]]:
    while group := list(islice(pictures, GROUP)):
        yield group
