"""Throughput of the stage `decode`, compared with a bare PyAV decoding loop.

Both run in one process on the same 1080p50 H.264 clips with one codec thread, in turn, five times.
The stage's work is SHA-256 of the file, decoding, and writing JPEG to Parquet. The result is the
median of the five ratios, since the machine may be shared.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from duchenne.config.params import Decode
from duchenne.flow.unit import Input, Recipe, Unit, digest
from duchenne.units.decode import decode_clip

SIZE, RATE, BIT_RATE = (1920, 1080), 50, 10_000_000  # px, Hz, bit/s
LIMIT = 1.4
PARAMS = Decode(fps=25.0, max_side=640, jpeg_quality=90)
RECIPE = Recipe("decode", PARAMS, code="", libraries=())
DIGESTS: dict[Path, str] = {}


def make_clip(path: Path, *, seconds: float, seed: int) -> Path:
    """Frames of a drifting texture with several scales, with sensor noise."""
    rng = np.random.default_rng(seed)
    scene = _texture(rng)
    noise = rng.normal(0, 4, (1080 + 64, 1920 + 64, 1)).astype(np.float32)
    with av.open(path, "w") as output:
        stream = output.add_stream("libx264", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.bit_rate = BIT_RATE
        stream.codec_context.options = {"preset": "veryfast"}
        for number in range(round(seconds * RATE)):
            output.mux(stream.encode(_view(scene, noise, number, rng)))
        output.mux(stream.encode())
    return path


def _texture(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """The texture `(1280, 2320, 3)`, about 0 to 255."""
    scene = np.full((1280, 2320, 3), 120, np.float32)
    for grain, contrast in ((8, 30), (32, 40), (128, 50)):
        coarse = rng.normal(0, contrast, (1280 // grain, 2320 // grain, 3)).astype(np.float32)
        scene += cv2.resize(coarse, (2320, 1280), interpolation=cv2.INTER_CUBIC)
    return scene


def _view(
    scene: npt.NDArray[np.float32],
    noise: npt.NDArray[np.float32],
    number: int,
    rng: np.random.Generator,
) -> av.VideoFrame:
    x, y = int(200 + 150 * np.sin(number / 40)), int(100 + 80 * np.cos(number / 55))
    dx, dy = rng.integers(0, 64, 2)
    view = scene[y : y + 1080, x : x + 1920] + noise[dy : dy + 1080, dx : dx + 1920]
    return av.VideoFrame.from_ndarray(view.clip(0, 255).astype(np.uint8), format="bgr24")


def bare(path: Path) -> None:
    """Decode a clip without using its pixels."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        stream.codec_context.thread_type = "NONE"
        for _ in container.decode(stream):
            pass


def ours(path: Path) -> None:
    """The work of the stage on a clip whose digest is known."""
    unit = Unit("clip", (Input(path, DIGESTS[path]),), {"kind": "video"})
    decode_clip(unit, RECIPE, path.with_suffix(".parquet"))


def seconds_for(loop: Callable[[Path], None], clips: list[Path]) -> float:
    start = time.perf_counter()
    for clip in clips:
        loop(clip)
    return time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short clip")
    count, seconds = (1, 2.0) if parser.parse_args().quick else (3, 5.0)
    with tempfile.TemporaryDirectory() as folder:
        clips = [
            make_clip(Path(folder, f"{seed}.mp4"), seconds=seconds, seed=seed)
            for seed in range(count)
        ]
        DIGESTS.update({clip: digest(clip) for clip in clips})
        frames = count * round(seconds * RATE)
        megabits = sum(clip.stat().st_size for clip in clips) * 8e-6 / (count * seconds)
        print(f"{count} clips, {frames} frames, 1080p50 H.264, {megabits:.1f} Mbit/s")
        print("run   bare ms/frame   ours ms/frame   ratio")
        for loop in (bare, ours):  # warm-up
            loop(clips[0])
        ratios = []
        for run in range(5):
            plain, full = seconds_for(bare, clips), seconds_for(ours, clips)
            ratios.append(full / plain)
            each = f"{plain / frames * 1e3:13.2f}   {full / frames * 1e3:13.2f}"
            print(f"{run + 1:3}   {each}   {ratios[-1]:5.3f}")
    median = statistics.median(ratios)
    print(f"median ratio {median:.3f}, limit {LIMIT}")
    return int(median > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
