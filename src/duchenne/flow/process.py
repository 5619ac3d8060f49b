"""This process among others: whose child it is, who holds the workspace, what its units say.

kill -9 of `dvc repro` cannot be caught, and leaves its stage running. On Linux the kernel sends the
signal for us; elsewhere a thread looks every second whether the parent is still there. A dvc that
died before a stage could ask for that is noticed by what it wrote to its lock file. One run at a
time holds a workspace; the kernel drops that lock with the process that holds it. Stages import
this before all else, so it loads nothing heavy.
"""

import ctypes
import errno
import fcntl
import json
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from duchenne.errors import BusyError

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_FIRST = 1  # the process that adopts orphans, unless a nearer one has asked for them
log = logging.getLogger("duchenne")
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
_TOPIC = "DUCHENNE_WORKER_TOPIC"  # in the environment, as the number is: code may be loaded anew
_NUMBER = "DUCHENNE_WORKER_NUMBER"


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


@contextmanager
def hold(path: Path, *, name: str, patience: float = 30.0) -> Iterator[None]:
    """Hold the workspace under `name`; wait `patience` seconds for another run, then refuse."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        _take(file.fileno(), path, patience)
        file.truncate(0)
        file.write(f"stage {name} (process {os.getpid()})")
        file.flush()
        yield
        file.truncate(0)


def _take(descriptor: int, path: Path, patience: float) -> None:
    deadline, told = time.monotonic() + patience, False
    while not _try(descriptor):
        holder = path.read_text(encoding="utf-8") or "another stage"
        if time.monotonic() > deadline:
            raise BusyError(
                f"this workspace is in use by {holder}; wait for it to end, or end it, "
                "then run again"
            )
        if not told:
            log.warning("waiting for %s, which is at work in this workspace", holder)
            told = True
        time.sleep(0.1)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        log.warning("this file system has no locks; see to it that only one run is at work here")
    return True


def say(text: str) -> None:
    """Tell whoever started the stage; from a worker it goes through Dask, wherever that is."""
    if os.environ.get(_NUMBER) is None:
        sys.stderr.write(f"{text}\n")
        return
    from distributed import get_worker

    get_worker().log_event(os.environ[_TOPIC], text)


def topic(run: str) -> str:
    """Under what Dask passes on what the units of a run say."""
    return f"duchenne-{run}"


def speak_on(run: str) -> None:
    """Say from now on what belongs to this run."""
    os.environ[_TOPIC] = topic(run)


def number_worker(name: object) -> None:
    """Remember in this process which of several workers it is; Dask counts local ones from 0."""
    digits = re.search(r"(\d+)$", str(name))
    os.environ[_NUMBER] = digits[1] if digits else "0"


def worker_number() -> int:
    """From 0; 0 too where there are no workers."""
    return int(os.environ.get(_NUMBER, "0"))
