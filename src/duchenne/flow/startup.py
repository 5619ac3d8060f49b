"""How processes start: with one thread each, made ready while a stage still reads, without pandas.

Thread counts must be set before NumPy, OpenCV or torch are imported, since they read these
variables once. XNNPACK inside mediapipe has no variable and needs none: it uses one thread.

A new process takes a second to import Dask and what the stage works with. On Linux one process that
does only that is started beside the stage. Workers are its forks, those that replace the dead too,
and stand in a moment.

pyarrow imports pandas with the first list that becomes a column, to ask whether the list is a
series. That takes a quarter of a second, and the lists of a stage or a worker never are.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
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


def pin() -> None:
    """Tell every numerical library to use one thread, in this process and its children."""
    os.environ.update(PINS)


def start() -> None:
    """Begin, with what of ours this process has imported; it does not wait. Elsewhere than on Linux
    workers start as they always do."""
    if sys.platform != "linux":  # a Mac's own libraries cannot be used after a fork
        return
    multiprocessing.set_start_method("forkserver", force=True)
    ours = [name for name in sys.modules if name.startswith("duchenne.")]
    forkserver.set_forkserver_preload([*_PRELOADED, *ours])
    resource_tracker.ensure_running()  # begun in there, it would unblock SIGINT
    with _environment(ENVIRONMENT), sigint_blocked():
        forkserver.ensure_running()


def method() -> str | None:
    """How Dask is to start workers. Asked for forks by name, it would import pandas first; this
    process's own way of starting others is the same."""
    return None if multiprocessing.get_start_method(allow_none=True) == "forkserver" else "spawn"


@contextmanager
def sigint_blocked() -> Iterator[None]:
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


class _NoPandas(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def without_pandas() -> None:
    """Let pyarrow find once, and remember, that it is not there. Others may import it still."""
    import pyarrow

    absent = _NoPandas()
    sys.meta_path.insert(0, absent)
    try:
        pyarrow.array([None])
    finally:
        sys.meta_path.remove(absent)
