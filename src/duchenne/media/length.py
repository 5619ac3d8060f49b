"""How long a video says it is, from its header alone, which may say anything."""

from pathlib import Path

import av

from duchenne.errors import Unusable
from duchenne.media.container import length_of, open_container, video_stream
from duchenne.media.regular import opened


def seconds_of(path: Path) -> float | None:
    """Length in s by the file's own word; None where it says none or is no video."""
    try:
        with opened(path) as source, open_container(source.file) as container:
            return length_of(container, video_stream(container)) or None
    except (Unusable, av.FFmpegError, MemoryError, ValueError, OverflowError):
        return None
