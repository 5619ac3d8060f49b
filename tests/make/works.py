"""Functions of units, correct and faulty, in a module that workers can import."""

import os
import signal
import sys
import time
from pathlib import Path

from duchenne.errors import TrainingError, Unusable
from duchenne.flow.process import say, worker_number
from duchenne.flow.unit import Outcome, Recipe, Unit


def write_text(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write a result that depends on input and spec."""
    text = "".join(given.path.read_text() for given in unit.inputs)
    out.write_text(f"{text}{unit.spec.get('word', '')}")
    return Outcome()


def write_folder(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    (out / "deep").mkdir(parents=True)
    (out / "a.txt").write_text("a")
    (out / "deep" / "b.txt").write_text("b")
    return Outcome("partial", "short", "2 of 3 files")


def no_file(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    return Outcome("ok", "landmarks", "nothing to do")


def misbehave(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write a partial result, then fail as the spec says."""
    out.write_text("half")
    match unit.spec.get("do"):
        case "unusable":
            raise Unusable("not_a_video", "it is text")
        case "bug":
            raise ValueError("a bug")
        case "memory":
            raise MemoryError
        case "full":
            raise OSError(28, "No space left on device", str(out))
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "die_once":
            marker = unit.inputs[0].path.with_suffix(".tried")
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case "sleep":
            time.sleep(3600)
        case "native":  # holds the interpreter lock for minutes, as broken native code may
            _spin()
    out.write_text("whole")
    return Outcome()


def origin(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the parent's id, whether modules are preloaded, and whether SIGINT is blocked."""
    if unit.inputs:
        misbehave(unit, recipe, out)
    ready = "ready" if "duchenne.flow.fanout" in sys.modules else "to be made ready"
    blocked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    hears = "deaf" if blocked else "hears"
    out.write_text(f"of {os.getppid()}, {ready}, {hears}")
    return Outcome()


def _spin() -> None:
    """Match a regular expression that backtracks for minutes and holds the interpreter lock."""
    import re

    re.match(r"(a+)+$", "a" * 40 + "b")


def threads(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the number of threads of OpenCV and the most of any other library."""
    import cv2
    import threadpoolctl

    pools = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
    out.write_text(f"{cv2.getNumThreads()} {max(pools)}")
    return Outcome()


def memory(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the threshold above which malloc returns freed memory to the system."""
    import os

    out.write_text(os.environ.get("MALLOC_TRIM_THRESHOLD_", "as usual"))
    return Outcome()


def company(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write whether Dask's profiler runs, and the tick interval of the worker."""
    import threading

    import dask

    threads = {thread.name for thread in threading.enumerate()}
    tick = dask.config.get("distributed.admin.tick.interval")
    out.write_text(f"watched: {'Profile' in threads}, every {tick}")
    return Outcome()


def large_steps(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the number of page faults of 10 allocations of 80 MB, after `keep_memory`.

    They are bytes objects, since NumPy uses huge pages, whose faults are too few to count.
    """
    import resource

    from duchenne.training.device import keep_memory

    keep_memory()
    faults = []
    for _ in range(50):
        bytes(b"x" * 80_000_000)
        faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    out.write_text(str(faults[-1] - faults[-11]))
    return Outcome()


def count_up(unit: Unit, recipe: Recipe, out: Path, unfinished: Path) -> Outcome:
    """Add a line to a progress file; fail as the spec says until it has three lines."""
    progress = unfinished / "progress.txt"
    lines = progress.read_text().splitlines() if progress.exists() else []
    lines.append(f"line {len(lines) + 1}")
    progress.write_text("\n".join(lines))
    if len(lines) < 3:
        match unit.spec.get("until_then"):
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "break":
                raise ValueError("a bug")
            case "give up":
                raise Unusable("out_of_memory", "for now", lasting=False)
            case "refuse":
                raise Unusable("no_face", "for ever")
    out.write_text(" ".join(lines))
    return Outcome()


def tell(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Print a message of progress, and write the worker's number."""
    say(f"{unit.name} is heard")
    time.sleep(0.5)  # a message just before the end may be shown after it
    out.write_text(str(worker_number()))
    return Outcome()


def ask_too_much(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    raise TrainingError("net: heads must divide 256, and 3 does not.")
