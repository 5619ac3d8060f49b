"""Time from 1080p50 clips to normalised landmarks, compared with bare decoding and a plain script.

"Bare" decodes all frames in two processes on the same two cores. "Usual" is a plain script: one
process, OpenCV's read loop, FaceMesh on each full frame. "Ours" runs the stages decode, detect,
mesh and normalize on two workers at 25 fps, with their start-up.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from bench.decode import bare
from duchenne.datasets import demo
from tests.make.workspace import Workspace

RATE, SIZE, BIT_RATE = 50, (1920, 1080), 10_000_000  # Hz, px, bit/s
STAGES = ("decode", "detect", "mesh", "normalize")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few and short clips, one round")
    quick = parser.parse_args().quick
    films, copies, seconds, rounds = (2, 1, 2.0, 1) if quick else (4, 8, 8.0, 3)
    with tempfile.TemporaryDirectory() as folder:
        workspace = prepare(Path(folder) / "project", films, copies=copies, seconds=seconds)
        found = sorted((workspace.root / "data/raw/films").glob("*.mp4"))
        frames = round(len(found) * seconds * RATE)
        print(f"{len(found)} clips, {frames} frames, 1080p50 H.264", flush=True)
        ratios = [compare(workspace, found, frames) for _ in range(rounds)]
        usual = researcher(found[:films]) / (films * seconds * RATE)
    against_bare = statistics.median(ours / plain for ours, plain in ratios)
    against_usual = usual / statistics.median(ours for ours, _ in ratios)
    print(f"usual way: {usual * 1e3:.1f} ms per source frame")
    print(f"median: {against_bare:.2f} x bare decoding (goal 2.0)")
    print(f"median: {against_usual:.2f} x faster than the usual way (goal 1.8)")
    return int(against_bare > 2.0 or against_usual < 1.8)


def compare(workspace: Workspace, found: list[Path], frames: int) -> tuple[float, float]:
    """Time in s per source frame, ours and bare."""
    plain = bare_in_two(found) / frames
    shutil.rmtree(workspace.root / "cache", ignore_errors=True)
    parts = {stage: run(workspace, stage) / frames for stage in STAGES}
    ours = sum(parts.values())
    told = ", ".join(f"{stage} {seconds * 1e3:.2f}" for stage, seconds in parts.items())
    print(
        f"ms per source frame: bare {plain * 1e3:.2f}, ours {ours * 1e3:.2f} ({told})", flush=True
    )
    return ours, plain


def bare_in_two(found: list[Path]) -> float:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(len, ["start", "both"]))
        start = time.perf_counter()
        list(pool.map(bare, found))
        return time.perf_counter() - start


def run(workspace: Workspace, stage: str) -> float:
    start = time.perf_counter()
    done = workspace.stage(stage, DUCHENNE_WORKERS="2")
    if done.returncode != 0 or "failed" in done.stdout:
        sys.exit(done.stdout)
    return time.perf_counter() - start


def researcher(found: list[Path]) -> float:
    """Time in s of the plain script, in a process that may use all cores."""
    command = [sys.executable, "-c", USUAL, *map(str, found)]
    free = {name: value for name, value in os.environ.items() if "THREADS" not in name}
    done = subprocess.run(command, env=free, capture_output=True, text=True, check=True)
    return float(re.findall(r"seconds ([\d.]+)", done.stdout)[0])


USUAL = """
import sys, time
import cv2
from mediapipe.python.solutions.face_mesh import FaceMesh
start = time.perf_counter()
for path in sys.argv[1:]:
    video, rows = cv2.VideoCapture(path), []
    with FaceMesh(max_num_faces=1, refine_landmarks=True) as mesh:
        while True:
            read, frame = video.read()
            if not read:
                break
            found = mesh.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)).multi_face_landmarks
            rows.append([(p.x, p.y, p.z) for p in found[0].landmark] if found else None)
print("seconds", time.perf_counter() - start)
"""


def prepare(root: Path, films: int, *, copies: int, seconds: float) -> Workspace:
    """A workspace with some films in several copies, each with different bytes."""
    workspace = Workspace.make(root)
    workspace.set(dataset="films", datasets__films={"adapter": "folder"})
    data = root / "data/raw/films"
    data.mkdir(parents=True)
    rows = []
    for number, plan in enumerate(demo.plan(seed=0, subjects=films, clips_per_subject=2, size=640)):
        if number % 2:
            continue
        film = make_film(root / "film.mp4", plan, seconds=seconds)
        for copy in range(copies):
            path = data / f"{copy}-{plan.clip}.mp4"
            path.write_bytes(film.read_bytes() + free_box(copy))
            rows.append(f"{path.name},{plan.subject},{copy % 2}")
    (data / "clips.csv").write_text("\n".join(["path,subject,label", *rows]))
    done = workspace.stage("index")
    if done.returncode != 0:
        sys.exit(done.stdout)
    return workspace


def free_box(number: int) -> bytes:
    """A `free` box of MP4, which players ignore."""
    return (16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")


def make_film(
    path: Path,
    plan: demo.ClipPlan,
    *,
    seconds: float,
    rate: int = RATE,
    size: tuple[int, int] = SIZE,
) -> Path:
    with av.open(path, "w") as output:
        stream = output.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.bit_rate = BIT_RATE * rate * size[1] ** 2 // (RATE * SIZE[1] ** 2)
        stream.codec_context.options = {"preset": "veryfast"}
        for whole in pictures(plan, seconds=seconds, rate=rate):
            small = whole if size == SIZE else cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
            picture = np.asarray(small, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        output.mux(stream.encode())
    return path


def pictures(
    plan: demo.ClipPlan, *, seconds: float, rate: int = RATE
) -> Iterator[npt.NDArray[np.uint8]]:
    """The demo's subject in a wide frame with a coarse background and sensor noise."""
    rng = np.random.default_rng(plan.noise_seed)
    coarse = rng.integers(60, 180, (27, 48, 3), dtype=np.uint8)
    wide = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC).astype(np.int16)
    noise = rng.normal(0, 4, (1080 + 64, 1920 + 64, 1)).astype(np.int16)
    times = np.arange(round(seconds * rate)) / rate % 4.0
    for face in demo.render(plan, times=times):
        frame = wide.copy()
        frame[220:860, 640:1280] = face
        dx, dy = rng.integers(0, 64, 2)
        frame += noise[dy : dy + 1080, dx : dx + 1920]
        yield frame.clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
