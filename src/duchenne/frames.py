"""The frames table: a clip's pictures, written a few at a time so that memory stays flat."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, cast

from duchenne import tables
from duchenne.errors import Unusable
from duchenne.face.facts import Facts
from duchenne.face.picture import Picture
from duchenne.face.regular import sha256_of
from duchenne.face.still import read_still
from duchenne.face.video import open_video
from duchenne.flow.unit import Input, Recipe
from duchenne.params import Decode

GROUP = 64  # pictures in a row group: some 2 MB, of which a reader holds one


def write_frames(
    source: Path,
    target: Path,
    *,
    kind: Literal["video", "image"],
    recipe: Recipe,
) -> Facts:
    """Decode a video or a still into a frames table; what was learnt goes into its metadata."""
    params = cast(Decode, recipe.params)
    size = {"max_side": params.max_side, "quality": params.jpeg_quality}
    with tables.Writer(tables.FRAMES, target, made_by=recipe.made_by()) as writer:
        if kind == "image":
            picture, facts = read_still(source, **size)
            _append(writer, [picture])
        else:
            with open_video(source, fps=params.fps, **size) as video:
                _append(writer, video)
                facts = video.facts
        writer.facts(**{name: getattr(facts, name) for name in _FACTS})
    return facts


def check_same(clip: Input) -> None:
    """Raise Unusable unless the file is the one whose digest is known.

    What is wrong with a file's place, not with its content, may be mended: it is never kept.
    """
    try:
        sha256 = sha256_of(clip.path)
    except Unusable as verdict:
        raise Unusable(verdict.reason, verdict.detail, lasting=False) from None
    if sha256 != clip.sha256:
        raise Unusable("changed", "the file is not the one that was indexed", lasting=False)


_FACTS = [name for names, _ in tables.FRAMES.facts for name in names.split(", ")]


def _append(writer: tables.Writer, pictures: Iterable[Picture]) -> None:
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
