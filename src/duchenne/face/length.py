"""How long a video says it is, from its header alone."""

from pathlib import Path

import av

from duchenne.errors import Unusable
from duchenne.face.container import open_container, video_stream
from duchenne.face.regular import opened


def seconds_of(path: Path) -> float | None:
    """Length in s by the file's own word; None where it says none or is no video."""
    try:
        with opened(path) as source, open_container(source.file) as container:
            stream = video_stream(container)
            if stream.duration and stream.time_base:
                return float(stream.duration * stream.time_base)
            return container.duration / av.time_base if container.duration else None
    except Unusable:
        return None
