"""Peak memory of a worker that decodes a long 1080p clip, and whether it grows.

The clip is two seconds of H.264 whose packets are written again and again with later timestamps,
so that ten minutes take seconds to make.
"""

import argparse
import multiprocessing
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil  # type: ignore[import-untyped,unused-ignore]

from duchenne.face.video import open_video

RATE, LOOP = 50, 100  # Hz, frames that are encoded
LIMIT = 500e6  # bytes


def make_clip(path: Path, *, seconds: int) -> Path:
    """A drifting gradient with a little noise, `seconds` long."""
    source = av.CodecContext.create("libx264", "w")
    source.width, source.height = 1920, 1080
    source.pix_fmt, source.time_base = "yuv420p", Fraction(1, RATE)
    source.gop_size, source.max_b_frames = LOOP, 0
    source.options = {"preset": "ultrafast", "x264-params": "scenecut=0"}
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, 1920 + LOOP, dtype=np.float32)
    packets = []
    for number in range(LOOP):
        grey = ramp[number : number + 1920] + rng.normal(0, 3, (1080, 1))
        frame = av.VideoFrame.from_ndarray(
            np.repeat(grey.clip(0, 255).astype(np.uint8)[:, :, None], 3, 2), format="bgr24"
        )
        frame.pts = number
        packets += [bytes(packet) for packet in source.encode(frame)]
    packets += [bytes(packet) for packet in source.encode(None)]
    with av.open(path, "w") as output:
        stream = output.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(seconds * RATE):
            packet = av.Packet(packets[number % LOOP])
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = number
            packet.duration = 1
            packet.is_keyframe = number % LOOP == 0
            output.mux(packet)
    return path


def decode(path: Path) -> None:
    with open_video(path) as video:
        for _ in video:
            pass


def watch(path: Path) -> list[tuple[float, int]]:
    """(s, bytes resident) of a fresh process that decodes `path`."""
    worker = multiprocessing.get_context("spawn").Process(target=decode, args=(path,))
    worker.start()
    seen, start = [], time.monotonic()
    process = psutil.Process(worker.pid)
    while worker.is_alive():
        seen.append((time.monotonic() - start, process.memory_info().rss))
        worker.join(0.1)
    if worker.exitcode:
        raise SystemExit(f"the worker ended with {worker.exitcode}")
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one minute instead of ten")
    seconds = 60 if parser.parse_args().quick else 600
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(Path(folder, "long.mp4"), seconds=seconds)
        print(f"{seconds} s of 1080p{RATE}, {clip.stat().st_size / 1e6:.0f} MB")
        seen = np.array(watch(clip))
    settled = seen[len(seen) // 5 : -1]
    slope = np.polyfit(settled[:, 0], settled[:, 1], 1)[0] * settled[-1, 0] / (seconds / 60)
    peak = seen[:, 1].max()
    print(f"peak {peak / 1e6:.0f} MB (limit {LIMIT / 1e6:.0f} MB)")
    print(f"slope {slope / 1e6:+.2f} MB per minute of clip, after the first fifth")
    return int(peak > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
