"""CPU time from ordinary clips to normalised landmarks, compared with a plain script.

Clips of 25 and 30 frames a second at 360p, 720p and 1080p. "Usual" is a plain script: OpenCV's read
loop and FaceMesh on each full frame, in one thread. "Ours" runs the stages decode, detect, mesh and
normalize with the engine `inline`, each in one process, with its start. Both keep all frames.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.landmarks import STAGES, USUAL, free_box, make_film
from duchenne.datasets import demo
from tests.make.workspace import Workspace

GOAL = 0.7
SIZES = ((640, 360), (1280, 720), (1920, 1080))
RATES = (25, 30)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short clips, one round")
    quick = parser.parse_args().quick
    seconds, copies, rounds = (2.0, 1, 1) if quick else (6.0, 4, 3)
    with tempfile.TemporaryDirectory() as folder:
        workspace = prepare(Path(folder) / "project", seconds=seconds, copies=copies)
        found = sorted((workspace.root / "data/raw/films").glob("*.mp4"))
        frames = round(sum(RATES) * len(SIZES) * seconds) * copies
        print(f"{len(found)} clips, {frames} frames", flush=True)
        ratios = [compare(workspace, found, frames) for _ in range(rounds)]
    ratio = statistics.median(ratios)
    print(f"median: {ratio:.2f} x the CPU time of the usual way (goal {GOAL})")
    return int(ratio > GOAL)


def prepare(root: Path, *, seconds: float, copies: int) -> Workspace:
    workspace = Workspace.make(root)
    workspace.set(dataset="films", datasets__films={"adapter": "folder"}, decode__fps=30)
    data = root / "data/raw/films"
    data.mkdir(parents=True)
    rows = ["path,subject,label"]
    plans = demo.plan(seed=0, subjects=6, clips_per_subject=2, size=640)[::2]
    cases = [(size, rate) for size in SIZES for rate in RATES]
    for number, (plan, (size, rate)) in enumerate(zip(plans, cases, strict=True)):
        name = f"{size[1]}p{rate}.mp4"
        film = make_film(root / name, plan, seconds=seconds, rate=rate, size=size)
        for copy in range(copies):
            path = data / f"{copy}-{name}"
            path.write_bytes(film.read_bytes() + free_box(copy))
            rows.append(f"{path.name},p{number},{number % 2}")
    (data / "clips.csv").write_text("\n".join(rows))
    done = workspace.stage("index")
    if done.returncode != 0:
        sys.exit(done.stdout)
    return workspace


def compare(workspace: Workspace, found: list[Path], frames: int) -> float:
    """CPU time of ours / of the usual way."""
    shutil.rmtree(workspace.root / "cache", ignore_errors=True)
    parts = {}
    for stage in STAGES:
        before = cpu()
        done = workspace.stage(stage, DUCHENNE_ENGINE="inline")
        if done.returncode != 0 or "failed" in done.stdout:
            sys.exit(done.stdout)
        parts[stage] = (cpu() - before) / frames * 1e3
    before = cpu()
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", USUAL, *map(str, found)], env=env, check=True,
                   capture_output=True)  # fmt: skip
    usual, ours = (cpu() - before) / frames * 1e3, sum(parts.values())
    told = ", ".join(f"{stage} {ms:.2f}" for stage, ms in parts.items())
    print(
        f"ms a frame: usual {usual:.2f}, ours {ours:.2f} ({told}): {ours / usual:.2f}", flush=True
    )
    return ours / usual


def cpu() -> float:
    """CPU time in s of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
