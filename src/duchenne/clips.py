"""A row of the clips table, as the stages after index see it."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from duchenne.flow.unit import Row

Clip = Mapping[str, Any]


def file_of(clip: Clip, raw: Path) -> Path:
    """The clip's file in the data set's folder `raw`, data/raw/<dataset>."""
    return raw / PurePosixPath(clip["path"]).relative_to(PurePosixPath("data/raw", raw.name))


def unread(clips: Iterable[Clip]) -> list[Row]:
    """The status rows of clips that index could not read."""
    return [
        Row(clip["clip"], "failed", clip["reason"], clip["detail"], "index")
        for clip in clips
        if clip["reason"]
    ]
