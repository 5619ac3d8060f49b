"""What PyAV can decode. Its wheels bring all of these; one built on the system's FFmpeg may not."""

from collections.abc import Iterator, Sequence
from typing import Literal

import av.codec
from av.codec.codec import UnknownCodecError

from duchenne.cli.doctor.site import Finding, Site

DECODERS = ("h264", "hevc", "mpeg4", "msmpeg4v3", "mjpeg", "mpeg1video", "mpeg2video", "dvvideo",
            "vp8", "vp9", "wmv1", "wmv2", "wmv3", "gif", "rawvideo")  # fmt: skip
ENCODER = "libx264"  # of the demo
CURE = (
    "install PyAV as a wheel: "
    "`.venv/bin/uv pip install --reinstall-package av --only-binary av -c requirements.lock av`"
)


def check(site: Site, *, decoders: Sequence[str] = DECODERS) -> Iterator[Finding]:
    missing = [name for name in decoders if not _has(name, "r")]
    if missing:
        yield Finding(f"PyAV cannot decode {', '.join(missing)}; {CURE}")
    if site.is_rendered and not _has(ENCODER, "w"):
        yield Finding(f"PyAV cannot write {ENCODER}, which the demo is rendered with; {CURE}")


def _has(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.codec.Codec(name, mode)
    except UnknownCodecError:
        return False
    return True
