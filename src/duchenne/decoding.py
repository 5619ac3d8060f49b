"""The frames table: a clip's pictures, written a few at a time so that memory stays flat."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast

from duchenne.config.params import Decode
from duchenne.flow.unit import Input, Recipe
from duchenne.media.facts import Facts
from duchenne.media.jpeg import Picture
from duchenne.media.pixels import read_pixels
from duchenne.media.sequence import open_sequence
from duchenne.media.still import read_still
from duchenne.media.video import open_video
from duchenne.tables import parquet, schemas

GROUP = 64  # pictures in a row group: some 2 MB, of which a reader holds one


def write_frames(
    clip: Input, target: Path, *, kind: str, recipe: Recipe, rate: float | None = None
) -> Facts:
    """Decode a clip of any kind that has pictures into a frames table; what was learnt goes into
    its metadata. `rate` (Hz) is that of a sequence, which cannot say it itself.

    The clip must have the content whose digest is known, or it is Unusable as `changed`.
    """
    params = cast(Decode, recipe.params)
    how: dict[str, Any] = {
        "max_side": params.max_side,
        "quality": params.jpeg_quality,
        "sha256": clip.sha256,
    }
    with parquet.Writer(schemas.FRAMES, target, made_by=recipe.made_by()) as writer:
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


_STILLS = {"image": read_still, "pixels": read_pixels}
_FACTS = [name for names, _ in schemas.FRAMES.facts for name in names.split(", ")]


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
