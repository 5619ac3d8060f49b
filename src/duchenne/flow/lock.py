"""One run at a time in a workspace. The kernel drops the lock with the process that holds it."""

import errno
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from duchenne.errors import BusyError

log = logging.getLogger("duchenne")

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


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
