"""Write a clip as an mp4 file: H.264, exact frame times, equal bytes for equal plans."""

import shutil
from collections.abc import Iterable
from fractions import Fraction
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import av
import numpy as np
from numpy.typing import ArrayLike, NDArray

from duchenne.datasets.demo.plan import ClipPlan
from duchenne.datasets.demo.portrait import Image
from duchenne.datasets.demo.render import View, render

# Ticks per second: the usual time base of video, divisible by 24, 25, 30, 50 and 60 Hz.
TICKS = 90_000
# One thread and bit-exact writing make the bytes independent of the number of cores and the date.
# x264's macroblock tree is off, since it reads uninitialised memory, and bytes differed from run to
# run (core 165; MALLOC_PERTURB_ shows it). The fastest preset at crf 21 is as good as `veryfast` at
# crf 20, in half the time and with 2.5 times the bytes.
CODEC = {
    "crf": "21",
    "preset": "ultrafast",
    "threads": "1",
    "x264-params": "mbtree=0:weightp=0",
}
CONTAINER = {"movflags": "+faststart", "fflags": "+bitexact"}


def write_video(
    plan: ClipPlan,
    target: str | PathLike[str] | BinaryIO,
    *,
    times: ArrayLike | None = None,
    view: View | None = None,
) -> None:
    """Render a clip into `target`; `times` (T,) s are the presentation times of its frames."""
    at = plan.times() if times is None else np.asarray(times, dtype=np.float64)
    frames = render(plan, times=at, view=view)
    size = (view.size if view else None) or plan.size
    if isinstance(target, str | PathLike):
        encode(Path(target), frames, time=at, size=size, fps=plan.fps)
        return
    with TemporaryDirectory() as folder:  # faststart needs a file with a name
        path = Path(folder) / "clip.mp4"
        encode(path, frames, time=at, size=size, fps=plan.fps)
        with path.open("rb") as done:
            shutil.copyfileobj(done, target)


def encode(
    path: Path, frames: Iterable[Image], *, time: NDArray[np.float64], size: int, fps: float
) -> None:
    """Write square frames (size, size, 3) BGR, shown at `time` (T,) s, as an mp4 file."""
    with av.open(str(path), "w", format="mp4", container_options=CONTAINER) as file:
        stream = file.add_stream("libx264", rate=Fraction(fps), options=CODEC)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS)
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for second, picture in zip(time, frames, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = round(float(second) * TICKS)
            frame.time_base = Fraction(1, TICKS)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
