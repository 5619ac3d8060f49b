"""This process's parent, the lock on the workspace, and the progress messages of units.

kill -9 of `dvc repro` cannot be caught, and would leave its stage running. On Linux the kernel
kills the stage with its parent; on other systems a thread checks every second whether the parent is
alive. The lock file of dvc shows whether dvc died before the stage asked for that. One stage at a
time holds a workspace; the kernel releases the lock when the process ends. Stages import this
module first, so it imports nothing heavy.
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
_FIRST = 1  # the process that adopts orphans, unless a subreaper does
log = logging.getLogger("duchenne")
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
# Both are kept in the environment, since a worker may import our code anew.
_TOPIC = "DUCHENNE_WORKER_TOPIC"
_NUMBER = "DUCHENNE_WORKER_NUMBER"


def die_with_parent() -> None:
    """Have this process killed when its parent ends."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before the call
            os.kill(os.getpid(), signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def orphaned(project: Path) -> bool:
    """Whether dvc started this stage of `project` and died before `die_with_parent` was called.

    dvc sets DVC_STAGE, which is missing where a stage is started by hand, and writes its process id
    to its lock file before it starts a stage. After kill -9 the file names the dead dvc or the next
    one, not the process that adopted the orphan. A parent may also be missing from the file because
    dvc.yaml puts a program such as `srun` before Python. That program shares our session, while
    orphans are adopted by process 1 or by a process with a session of its own.
    """
    parent, named = os.getppid(), _writers(project / ".dvc" / "tmp" / "rwlock")
    if "DVC_STAGE" not in os.environ or not named or parent in named:
        return False
    return parent == _FIRST or not _in_our_session(parent)


def _writers(lock: Path) -> set[int]:
    """The ids of processes that write outputs, by dvc's lock file; none if it cannot be read, for
    instance while another dvc writes it."""
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
    """Send a progress message to the stage's terminal; from a worker it goes through Dask."""
    if os.environ.get(_NUMBER) is None:
        sys.stderr.write(f"{text}\n")
        return
    from distributed import get_worker

    get_worker().log_event(os.environ[_TOPIC], text)


def topic(run: str) -> str:
    """The topic of Dask under which the progress messages of a run are sent."""
    return f"duchenne-{run}"


def speak_on(run: str) -> None:
    """Send progress messages of this process under the topic of a run."""
    os.environ[_TOPIC] = topic(run)


def number_worker(name: object) -> None:
    """Remember the worker's number, the last digits of its name; Dask counts local ones from 0."""
    digits = re.search(r"(\d+)$", str(name))
    os.environ[_NUMBER] = digits[1] if digits else "0"


def worker_number() -> int:
    """The number of this worker, from 0; also 0 outside workers."""
    return int(os.environ.get(_NUMBER, "0"))
