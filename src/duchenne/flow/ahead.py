"""Workers made ready while a stage still reads its parameters and its inputs.

A new process takes a second to import Dask and what the stage works with. On Linux one process that
does just that, and nothing ever after, is started beside the stage; workers are its forks and stand
in a moment, those too that replace the dead.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker

# The workers' own: a variable that the C library reads when a process starts.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
# The first finds the code of this very folder, and pins thread counts.
_PRELOADED = (
    "stages",
    "duchenne.flow.forked",
    "distributed",
    "distributed.nanny",
    "duchenne.flow.engine",
    "duchenne.flow.worker",
)


def start() -> None:
    """Begin, with what of ours this process has imported; it does not wait. Elsewhere than on Linux
    workers start as they always do."""
    if sys.platform != "linux":  # a Mac's own libraries cannot be used after a fork
        return
    multiprocessing.set_start_method("forkserver", force=True)
    ours = [name for name in sys.modules if name.startswith("duchenne.")]
    forkserver.set_forkserver_preload([*_PRELOADED, *ours])
    resource_tracker.ensure_running()  # it would undo what `deaf` does, were it begun in there
    with _environment(ENVIRONMENT), deaf():
        forkserver.ensure_running()


def method() -> str | None:
    """How Dask is to start workers. Asked for forks by name, it would import pandas first; this
    process's own way of starting others is the same."""
    return None if multiprocessing.get_start_method(allow_none=True) == "forkserver" else "spawn"


@contextmanager
def deaf() -> Iterator[None]:
    """Processes that are started meanwhile, and theirs, do not hear Ctrl-C; here it is delivered
    as soon as they stand."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
