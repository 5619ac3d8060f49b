"""Kill `dvc repro` at random times: no orphans, the same bytes, nothing computed twice.

Each round starts a new workspace, sends SIGKILL at a random time, runs again to the end and
compares the result with that of an undisturbed run. A second series kills dvc while a stage starts
and counts the processes that are left; `--starts` runs only this series.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.make.workspace import TINY, Workspace, contents

ROUNDS = 10
# Times in s after a stage's shell appears: until Python runs our first lines, and until the stage
# has imported its modules.
STARTS = [0.06 * step / 20 for step in range(21)] + [1.2 * step / 20 for step in range(1, 21)]
GRACE = 3.0


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        good = "--starts" in sys.argv or whole_runs(Path(folder))
        return int(not (starts(Path(folder)) and good))


def whole_runs(folder: Path) -> bool:
    """Run the first series; return whether all rounds passed."""
    good = 0
    dice = random.Random(20261120)  # noqa: S311 - moments, not secrets
    start = time.perf_counter()
    calm = project(folder / "calm")
    finish(calm)
    seconds = time.perf_counter() - start
    units = len(list(calm.cache.entries()))
    for number in range(ROUNDS):
        moment = dice.uniform(0.1, 0.95) * seconds
        disturbed = project(folder / f"round{number}")
        orphans, kept = kill(disturbed, moment)
        told = f"killed at {moment:.1f} s, {orphans} orphans, {kept} units kept"
        verdict, well = judge(disturbed, calm, units=units, kept=kept)
        say(f"round {number}: {told}, {verdict}")
        good += well and not orphans
    say(f"{good} of {ROUNDS} rounds without orphans, losses or other bytes")
    return good == ROUNDS


def starts(folder: Path) -> bool:
    """Run the second series: kills while `demo` starts, which has more work than we wait."""
    workspace = project(folder / "starts")
    workspace.set(datasets__demo__clips_per_subject=8)
    finish(workspace, "check")
    left = [moment for moment in STARTS if outlived(workspace, moment)]
    say(f"{len(left)} of {len(STARTS)} kills while a stage started left somebody at work")
    if left:
        say(f"those after {', '.join(f'{1000 * moment:.0f}' for moment in left)} ms")
    return not left


def outlived(workspace: Workspace, moment: float) -> bool:
    """Kill dvc a time after its stage appears; return whether a process is left after a while."""
    shutil.rmtree(workspace.cache.root, ignore_errors=True)
    with repro(workspace, "--force", "--single-item", "demo") as dvc:
        while not any("stages.demo" in words for words in children(dvc)):
            if dvc.poll() is not None:
                sys.exit("dvc ended before its stage began")
        time.sleep(moment)
        dvc.kill()
    time.sleep(GRACE)
    orphans = [process for process in psutil.process_iter() if works_in(process, workspace.root)]
    for orphan in orphans:
        orphan.kill()
    psutil.wait_procs(orphans, timeout=5)
    return bool(orphans)


def children(dvc: "subprocess.Popen[bytes]") -> list[str]:
    """Command lines of dvc's child processes."""
    with suppress(psutil.Error):
        return [" ".join(child.cmdline()) for child in psutil.Process(dvc.pid).children()]
    return []


def works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == folder
    except psutil.Error:
        return False


def project(root: Path) -> Workspace:
    workspace = Workspace.make(root)
    workspace.set(**TINY)
    workspace.start_history()
    return workspace


def kill(workspace: Workspace, moment: float) -> tuple[int, int]:
    """Start `dvc repro` and kill it; return the numbers of orphans and of kept units."""
    with repro(workspace) as dvc:
        time.sleep(moment)
        family = psutil.Process(dvc.pid).children(recursive=True) if dvc.poll() is None else []
        dvc.kill()
    _, alive = psutil.wait_procs(family, timeout=5)
    return len(alive), len(list(workspace.cache.entries()))


def repro(workspace: Workspace, *words: str) -> "subprocess.Popen[bytes]":
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", *words],
        cwd=workspace.root,
        env={**os.environ, **workspace.env, "PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def finish(workspace: Workspace, *words: str) -> str:
    done = workspace.dvc("repro", *words)
    if done.returncode != 0:
        sys.exit(done.stdout)
    return done.stdout


def judge(disturbed: Workspace, calm: Workspace, *, units: int, kept: int) -> tuple[str, bool]:
    """Run to the end and compare; return what was observed, and whether it is right."""
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


if __name__ == "__main__":
    raise SystemExit(main())
