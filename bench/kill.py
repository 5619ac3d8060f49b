"""kill -9 of `dvc repro` at random moments: no orphans, the same bytes, nothing computed twice.

Each round starts a fresh workspace, kills it at a random moment of the time that an undisturbed run
takes, runs again to the end and compares.
"""

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.make.workspace import TINY, Workspace

ROUNDS = 10


def main() -> int:
    good = 0
    dice = random.Random(20261120)  # noqa: S311 - moments, not secrets
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        calm = project(Path(folder) / "calm")
        finish(calm)
        seconds = time.perf_counter() - start
        units = len(list(calm.cache.entries()))
        for number in range(ROUNDS):
            moment = dice.uniform(0.1, 0.95) * seconds
            disturbed = project(Path(folder) / f"round{number}")
            orphans, kept = kill(disturbed, moment)
            told = f"killed at {moment:.1f} s, {orphans} orphans, {kept} units kept"
            verdict, well = judge(disturbed, calm, units=units, kept=kept)
            say(f"round {number}: {told}, {verdict}")
            good += well and not orphans
    say(f"{good} of {ROUNDS} rounds without orphans, losses or other bytes")
    return int(good < ROUNDS)


def project(root: Path) -> Workspace:
    workspace = Workspace.make(root)
    workspace.set(**TINY)
    workspace.start_history()
    return workspace


def kill(workspace: Workspace, moment: float) -> tuple[int, int]:
    """Start `dvc repro`, kill it; how many of its processes lived on, how many units are kept."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro"],
        cwd=workspace.root,
        env={**os.environ, **workspace.env, "PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as dvc:
        time.sleep(moment)
        family = psutil.Process(dvc.pid).children(recursive=True) if dvc.poll() is None else []
        dvc.kill()
    _, alive = psutil.wait_procs(family, timeout=5)
    return len(alive), len(list(workspace.cache.entries()))


def finish(workspace: Workspace) -> str:
    done = workspace.dvc("repro")
    if done.returncode != 0:
        sys.exit(done.stdout)
    return done.stdout


def judge(disturbed: Workspace, calm: Workspace, *, units: int, kept: int) -> tuple[str, bool]:
    """Run to the end and compare; what was seen, and whether it is as it should be."""
    said = finish(disturbed)
    ended = re.findall(r"^[a-z]+ (\d+)/\d+(?:, (\d+) cached)?.*, [\d.]+ s$", said, re.M)
    computed = sum(int(done) - int(cached or 0) for done, cached in ended)
    same = all(
        contents(disturbed.root / folder) == contents(calm.root / folder)
        for folder in ("data", "models", "metrics")
    )
    twice = kept + computed - units
    seen = f"{computed} computed afterwards, {twice} of them twice, same bytes: {same}"
    return seen, same and twice <= 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".gitignore"
    }


if __name__ == "__main__":
    raise SystemExit(main())
