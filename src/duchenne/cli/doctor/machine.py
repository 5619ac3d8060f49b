"""The Python version, the GPU and the video codecs.

torch and av are imported within their checks, so that the other checks run without them.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Literal

from duchenne.cli.doctor import Finding, Site

VERSIONS = ((3, 11), (3, 12))  # pyproject.toml gives the reason
DRIVER = "nvidia-smi"
DECODERS = ("h264", "hevc", "mpeg4", "msmpeg4v3", "mjpeg", "mpeg1video", "mpeg2video", "dvvideo",
            "vp8", "vp9", "wmv1", "wmv2", "wmv3", "gif", "rawvideo")  # fmt: skip
ENCODER = "libx264"  # of the demo
CURE = (
    "install PyAV as a wheel: "
    "`.venv/bin/uv pip install --reinstall-package av --only-binary av -c requirements.lock av`"
)


def python(site: Site, *, running: tuple[int, int] = sys.version_info[:2]) -> Iterator[Finding]:
    """Report a Python version that the pinned packages do not support."""
    del site  # unused: all checks have the same signature
    if running not in VERSIONS:
        yield Finding(
            f"Python {running[0]}.{running[1]} runs here, and duchenne needs 3.11 or 3.12; install "
            "one of them, then `make clean` and `make PYTHON=python3.12 repro`"
        )


def gpu(site: Site) -> Iterator[Finding]:
    """Report that torch sees no GPU; it blocks only where `train.device` is cuda."""
    import torch

    if torch.cuda.is_available():
        return
    if site.params.train.device == "cuda":
        yield Finding("train.device is cuda and torch sees no GPU; write auto or cpu")
    elif shutil.which(DRIVER) and torch.version.cuda is None:
        yield Finding(
            "there is an NVIDIA driver, and torch is built for the CPU alone; install the build of "
            "the same version with CUDA to train on the GPU",
            blocks=False,
        )
    else:
        yield Finding(
            "torch sees no GPU, so training runs on the CPU: enough for the demo, days for the "
            "published network on a published set",
            blocks=False,
        )


def codecs(site: Site, *, decoders: Sequence[str] = DECODERS) -> Iterator[Finding]:
    """Report codecs that PyAV lacks; its wheels have all, a build on a system's FFmpeg may not."""
    missing = [name for name in decoders if not _has_codec(name, "r")]
    if missing:
        yield Finding(f"PyAV cannot decode {', '.join(missing)}; {CURE}")
    if site.is_rendered and not _has_codec(ENCODER, "w"):
        yield Finding(f"PyAV cannot write {ENCODER}, which the demo is rendered with; {CURE}")


def _has_codec(name: str, mode: Literal["r", "w"]) -> bool:
    import av.codec
    from av.codec.codec import UnknownCodecError

    try:
        av.codec.Codec(name, mode)
    except UnknownCodecError:
        return False
    return True
