"""Functions for units to run, good and bad, in a module so that workers can import them."""

import os
import signal
import sys
import time
from pathlib import Path

from duchenne.errors import TrainingError, Unusable
from duchenne.flow.process import say, worker_number
from duchenne.flow.unit import Outcome, Recipe, Unit


def write_text(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """The well-behaved one: a result that depends on input and spec."""
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
    """Do what the spec says; write something first, so that half-made results would show."""
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
    """Write down whose child this process is, what it has imported, and whether it hears Ctrl-C."""
    if unit.inputs:
        misbehave(unit, recipe, out)
    ready = "ready" if "duchenne.flow.fanout" in sys.modules else "to be made ready"
    blocked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    hears = "deaf" if blocked else "hears"
    out.write_text(f"of {os.getppid()}, {ready}, {hears}")
    return Outcome()


def _spin() -> None:
    """A regular expression that backtracks for ages without releasing the interpreter lock."""
    import re

    re.match(r"(a+)+$", "a" * 40 + "b")


def threads(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write down how many threads each library would use."""
    import cv2
    import threadpoolctl

    pools = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
    out.write_text(f"{cv2.getNumThreads()} {max(pools)}")
    return Outcome()


def memory(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write down when freed memory goes back to the system."""
    import os

    out.write_text(os.environ.get("MALLOC_TRIM_THRESHOLD_", "as usual"))
    return Outcome()


def company(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write down which threads there are beside the unit's, and how often its worker would wake."""
    import threading

    import dask

    threads = {thread.name for thread in threading.enumerate()}
    tick = dask.config.get("distributed.admin.tick.interval")
    out.write_text(f"watched: {'Profile' in threads}, every {tick}")
    return Outcome()


def large_steps(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write down how many fresh pages 10 pieces of 80 MB take, once memory is to be kept.

    Bytes, since NumPy asks for huge pages, of which there are too few to be counted.
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
    """Add a line to what is there already, and end as the spec says until there are three."""
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
    """Say something, from whichever worker this is."""
    say(f"{unit.name} is heard")
    time.sleep(0.5)  # what is said in the last moment may come after the end
    out.write_text(str(worker_number()))
    return Outcome()


def ask_too_much(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    raise TrainingError("net: heads must divide 256, and 3 does not.")
