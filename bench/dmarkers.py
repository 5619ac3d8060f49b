"""Time of D-Markers of one clip, for each smoothing, on one core.

Clips are demo smiles of 125 frames with noise on each landmark. It is compared with a copy of the
clip's landmarks, which is the least that any extractor must do. All smoothings run in turn. The
result is the median processor time of the rounds, since the machine may be shared.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import numpy as np
import numpy.typing as npt

from duchenne.datasets.demo.plan import plan
from duchenne.dmarkers.extract import METHODS, extract
from duchenne.face.topology import MESH
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.landmarks import landmarks_table
from duchenne.tables.mesh import point_column
from duchenne.tables.status import STATUS
from tests.make.faces import NEUTRAL_S, jittered
from tests.make.workspace import Workspace

FRAMES, FPS = 125, 25.0
LIMIT_MS = 2.0
UVA_NEMO, STAGE_LIMIT_S = 1240, 30.0  # as many as UvA-NEMO has
TIMES = np.arange(FRAMES) / FPS

Clip = npt.NDArray[np.float32]  # (125, 478, 3)


def clips(count: int) -> list[Clip]:
    films = plan(seed=0, subjects=count // 2, clips_per_subject=2, size=64)
    return [
        jittered(film, TIMES, noise=0.002, seed=seed).astype(np.float32)
        for seed, film in enumerate(films)
    ]


def markers(xyz: Clip, *, smoothing: str) -> None:
    extract(
        xyz,
        TIMES,
        topology=MESH,
        neutral_s=NEUTRAL_S,
        smoothing=smoothing,
    )


def copy(xyz: Clip) -> None:
    xyz.copy()


def ms_per_clip(work: Callable[[Clip], None], films: list[Clip]) -> float:
    start = time.process_time()
    for xyz in films:
        work(xyz)
    return (time.process_time() - start) / len(films) * 1e3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few clips, three rounds")
    count, rounds = (10, 3) if parser.parse_args().quick else (40, 15)
    slowest = extraction(count, rounds=rounds)
    print(f"slowest {slowest:.2f} ms, limit {LIMIT_MS:.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        seconds = stage(Path(folder) / "project", clips(2)[0])
    print(f"{UVA_NEMO:,} clips through the stage: {seconds:.1f} s, limit {STAGE_LIMIT_S:.0f} s")
    return 0


def extraction(count: int, *, rounds: int) -> float:
    """Median time in ms per clip of the slowest smoothing, from arrays, without the stage."""
    films = clips(count)
    works = {"copy": copy} | {name: partial(markers, smoothing=name) for name in METHODS}
    for work in works.values():  # warm-up
        work(films[0])
    took: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            took[name].append(ms_per_clip(work, films))
    size = films[0].nbytes / 1e6
    print(f"{count} clips of {FRAMES} frames, {size:.2f} MB each; {rounds} rounds")
    print("           median ms per clip    best   worst   x copy")
    medians = {name: statistics.median(each) for name, each in took.items()}
    for name, each in took.items():
        times = medians[name] / medians["copy"]
        print(
            f"{name:8}   {medians[name]:18.3f}   {min(each):5.3f}   {max(each):5.3f}   {times:6.1f}"
        )
    return max(medians[name] for name in METHODS)


def stage(root: Path, xyz: Clip) -> float:
    """Time in s of the stage `dmarkers` on a whole data set, with its start and plots.

    All clips have the same landmarks; each is computed, since the key of a unit has its name.
    """
    workspace = Workspace.make(root)
    workspace.set(dataset="many", datasets__many={"adapter": "folder"})
    names = [f"clip{number:04}" for number in range(UVA_NEMO)]
    one = root / "one.parquet"
    write_landmarks(one, xyz, TIMES)
    for name in names:
        target = root / f"data/landmarks/{name}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(one)
    write_listing(root, names)
    start = time.perf_counter()
    done = workspace.stage("dmarkers")
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(done.stdout)
    return seconds


def write_landmarks(path: Path, xyz: Clip, times: npt.NDArray[np.float64]) -> None:
    """Landmarks (T, 478, 3) at (T,) s, as the stage `normalize` writes them."""
    frames = len(times)
    rows = {
        "frame": np.arange(frames),
        "time": times,
        "success": np.ones(frames, bool),
        "filled": np.zeros(frames, bool),
        **dict.fromkeys(("confidence", "yaw", "pitch", "roll", "scale", "residual"), times),
        "xyz": point_column(xyz),
    }
    quality: dict[str, Any] = dict.fromkeys(
        ("seen", "gap", "yaw", "pitch", "roll", "size", "jitter"), 1.0
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write(landmarks_table(478), path, rows, points=478, frames=frames, **quality)


def write_listing(root: Path, names: list[str]) -> None:
    """The clips of a data set whose landmarks are all well, as `index` and `normalize` list it."""
    count = len(names)
    listing: dict[str, Any] = {
        "clip": names,
        "path": [f"data/raw/bench/{name}.mp4" for name in names],
        "kind": ["video"] * count,
        "subject": [f"p{number % 400}" for number in range(count)],
        "label": [number % 2 for number in range(count)],
        "label_name": [("posed", "spontaneous")[number % 2] for number in range(count)],
        **{name: [None] * count for name in ("sha256", "bytes", "seconds", "fold", "role")},
        **{name: [""] * count for name in ("reason", "detail")},
    }
    parquet.write(CLIPS, root / "data/clips.parquet", listing)
    status = {"unit": names, "status": ["ok"] * count, "stage": ["normalize"] * count}
    status |= {"reason": [""] * count, "detail": [""] * count}
    parquet.write(STATUS, root / "data/status/normalize.parquet", status)


if __name__ == "__main__":
    raise SystemExit(main())
