"""A stage ends when the process that started it ends, so that no orphan works beside the next run.

kill -9 of `dvc repro` cannot be caught, and leaves its stage running. On Linux the kernel sends the
signal for us; elsewhere a thread looks every second whether the parent is still there. A dvc that
died before a stage could ask for that is noticed by what it wrote to its lock file.
"""

import ctypes
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_FIRST = 1  # the process that adopts orphans, unless a nearer one has asked for them


def die_with_parent() -> None:
    """Arrange that this process is killed as soon as its parent is gone."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel knew of our wish
            os.kill(os.getpid(), signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def orphaned(project: Path) -> bool:
    """Whether dvc started this stage of `project` and died before the stage asked for its death.

    dvc sets DVC_STAGE, which is missing where a stage is started by hand, and writes its process id
    to its lock file before it starts a stage. An orphan's parent is not in that file: kill -9
    leaves the dead dvc in there, and the next dvc puts itself. Other parents may be missing too:
    programs that dvc.yaml puts before Python, `srun` for instance. They share our session, while
    orphans are adopted by the first process or by one with a session of its own.
    """
    parent, named = os.getppid(), _writers(project / ".dvc" / "tmp" / "rwlock")
    if "DVC_STAGE" not in os.environ or not named or parent in named:
        return False
    return parent == _FIRST or not _in_our_session(parent)


def _writers(lock: Path) -> set[int]:
    """The processes that write outputs, as dvc's lock file has them; none if it cannot be read, for
    instance while another dvc is writing it."""
    try:
        return {entry["pid"] for entry in json.loads(lock.read_bytes())["write"].values()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return set()


def _in_our_session(process: int) -> bool:
    try:
        return os.getsid(process) == os.getsid(0)
    except ProcessLookupError:
        return False


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)
