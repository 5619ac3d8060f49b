"""How processes start: with one thread each, and workers from a fork server.

Thread counts must be set before NumPy, OpenCV or torch are imported, since these read the variables
once. XNNPACK inside mediapipe has no variable and needs none: it uses one thread.

A new process takes a second to import Dask and what the stage works with. On Linux a fork server,
started while the stage still reads, imports all that once. Workers are its forks, those that
replace dead ones too, and start in a moment.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker

PINS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    # Where `train.threads` asks for more, waiting threads sleep: spinning ones took four times as
    # long on a machine with other work.
    "OMP_WAIT_POLICY": "PASSIVE",
}
# For workers alone: the C library reads it when a process starts.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
# The first puts the code of this folder in front, and pins thread counts.
_PRELOADED = (
    "stages",
    "duchenne.flow.forked",
    "distributed",
    "distributed.nanny",
    "duchenne.flow.engine",
    "duchenne.flow.worker",
)


def pin() -> None:
    """Tell every numerical library to use one thread, in this process and its children."""
    os.environ.update(PINS)


def start() -> None:
    """Start the fork server on Linux; it imports what this process has imported of our code.

    The call does not wait for it. On other systems workers start as new processes.
    """
    if sys.platform != "linux":  # a Mac's own libraries cannot be used after a fork
        return
    multiprocessing.set_start_method("forkserver", force=True)
    ours = [name for name in sys.modules if name.startswith("duchenne.")]
    forkserver.set_forkserver_preload([*_PRELOADED, *ours])
    resource_tracker.ensure_running()  # started by the fork server, it would unblock SIGINT
    with _environment(ENVIRONMENT), sigint_blocked():
        forkserver.ensure_running()


def method() -> str | None:
    """Dask's setting for how to start workers; None means this process's own start method.

    Dask, asked for `forkserver` by name, would preload other modules than ours.
    """
    return None if multiprocessing.get_start_method(allow_none=True) == "forkserver" else "spawn"


@contextmanager
def sigint_blocked() -> Iterator[None]:
    """Block SIGINT. Processes that are started meanwhile keep it blocked, and so do their children;
    this process gets a pending Ctrl-C at the end."""
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
