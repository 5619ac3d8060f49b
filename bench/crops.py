"""Chips per second of the stage `crops`, compared with only reading and decoding the frames.

Frames have 640 × 360 px, as the stage `decode` makes them of 1080p; there is a chip of each. The
stage's work on one clip and the bare loop run in turn, five times. The result is the median of the
five ratios, since the machine may be shared.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from bench.landmarks import SIZE, pictures
from duchenne.config.models import NEEDS, Chip
from duchenne.datasets import demo
from duchenne.flow.unit import Recipe
from duchenne.media.jpeg import decode
from duchenne.tables.frames import StoredFrames
from stages.crops import CropParams, write_crops
from tests.make.crops import write_frames, write_mesh
from tests.make.portraits import mesh_face

RATE = 50.0  # Hz
LIMIT = 2.0  # times bare, for the smallest chips in colour
EYES, UNIT = (960.0, 470.0, 0.0), 132.0  # px of the source, about where the sitter's face is


def bare(frames: Path) -> None:
    for picture in StoredFrames(frames):
        decode(picture.jpeg)


def ours(frames: Path, mesh: Path, *, kind: Chip) -> None:
    params = CropParams(**kind._asdict(), fps=RATE)
    recipe = Recipe("crops", params, code="", libraries=())
    write_crops(frames, mesh, frames.with_name("crops.parquet"), aligned=True, recipe=recipe)


def seconds_for(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def made(folder: Path, *, seconds: float) -> tuple[Path, Path]:
    """The frames and mesh tables of a clip."""
    plan = demo.plan(seed=0, subjects=1, clips_per_subject=2, size=640)[0]
    shrunk = [
        np.asarray(cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA), np.uint8)
        for picture in pictures(plan, seconds=seconds)
    ]
    times = np.arange(len(shrunk)) / RATE
    faces = np.repeat((mesh_face() * UNIT + EYES)[None], len(shrunk), axis=0)
    frames = write_frames(folder / "frames.parquet", shrunk, times, size=SIZE, quality=90)
    return frames, write_mesh(folder / "mesh.parquet", faces, times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one second")
    seconds = 1.0 if parser.parse_args().quick else 6.0
    kinds = sorted({needs.chip for needs in NEEDS.values() if needs.chip})
    with tempfile.TemporaryDirectory() as folder:
        frames, mesh = made(Path(folder), seconds=seconds)
        count = round(seconds * RATE)
        print(f"{count} frames of 640 x 360, {frames.stat().st_size / count / 1e3:.0f} kB each")
        print("chip        bare frames/s   chips/s   x bare (of each pair)")
        ratios = {kind: compare(frames, mesh, kind=kind, count=count) for kind in kinds}
    ratio = ratios[Chip(48, 3)]
    print(f"48 px in colour: {ratio:.2f} x bare, limit {LIMIT}")
    return int(ratio > LIMIT)


def compare(frames: Path, mesh: Path, *, kind: Chip, count: int) -> float:
    """The median ratio of five pairs."""
    cut, plain = partial(ours, frames, mesh, kind=kind), partial(bare, frames)
    for work in (cut, plain):  # warm-up
        work()
    pairs = [(seconds_for(plain), seconds_for(cut)) for _ in range(5)]
    ratio = statistics.median(full / alone for alone, full in pairs)
    rates = [count / statistics.median(each) for each in zip(*pairs, strict=True)]
    name = f"{kind.side} {'grey' if kind.channels == 1 else 'RGB'}"
    each = " ".join(f"{full / alone:.2f}" for alone, full in pairs)
    print(f"{name:10}  {rates[0]:13.0f}   {rates[1]:7.0f}   {ratio:.2f} ({each})", flush=True)
    return ratio


if __name__ == "__main__":
    raise SystemExit(main())
