"""Time of the demo's landmark stages on a scheduler with workers, compared with `local`.

Both have one worker for each core of this machine, and an empty cache. The tables must be equal
byte by byte.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from duchenne.flow.settings import cores
from tests.make.clusters import cluster
from tests.make.workspace import Workspace, contents

STAGES = ("decode", "detect", "mesh", "normalize")
TABLES = ("frames", "faces", "mesh", "landmarks", "status")
ROUNDS = 3
GOAL = 1.25


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder) / "cluster") as running:
        workspace = Workspace.make(Path(folder) / "project")
        for stage in ("demo", "index"):
            timed(workspace, stage, {})
        running.scheduler().workers(cores())
        far = {"DUCHENNE_ENGINE": running.address, "DUCHENNE_TLS": str(running.keys)}
        ratios = []
        for number in range(ROUNDS):
            local, beside = run(workspace, number, {})
            remote, there = run(workspace, number + ROUNDS, far)
            same = beside == there
            ratios.append(remote / local)
            say(f"local {local:.1f} s, cluster {remote:.1f} s, same bytes: {same}")
            if not same:
                return 1
    median = statistics.median(ratios)
    say(f"median: {median:.2f} x the time of local (goal {GOAL})")
    return int(median > GOAL)


def run(workspace: Workspace, number: int, env: dict[str, str]) -> tuple[float, dict[str, bytes]]:
    """Time of all stages in s with an empty unit cache, and the bytes of their results."""
    env = {**env, "DUCHENNE_CACHE": str(workspace.root / f"cache{number}")}
    seconds = sum(timed(workspace, stage, env) for stage in STAGES)
    data = workspace.root / "data"
    return seconds, {f"{t}/{n}": text for t in TABLES for n, text in contents(data / t).items()}


def timed(workspace: Workspace, stage: str, env: dict[str, str]) -> float:
    start = time.perf_counter()
    done = workspace.stage(stage, **env)
    if done.returncode:
        sys.exit(done.stdout)
    return time.perf_counter() - start


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
