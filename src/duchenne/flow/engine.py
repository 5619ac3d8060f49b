"""Where attempts run: in this process, in workers beside it, or on the user's own cluster.

One interface: `run(attempt, tasks)` gives back each task with its outcome, in whatever order they
end, or with None where the process that worked on it died.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from duchenne.errors import EngineError, ParamsError
from duchenne.flow import ahead, lean, parent, source, threads, voice
from duchenne.flow.attempt import Attempt, Task
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Outcome

Ended = tuple[Task, Outcome | None]

# Tried: without the first, a worker's death also kills units that merely waited in its queue;
# without the second, Dask tries a unit that kills workers on three more of them. Dask would also
# have workers give back every 64 KB that they free, and page faults took a third of their time.
_DASK = {
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.memory.target": False,  # results are files, so there is nothing to spill
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # A worker would look at its own stack a hundred times a second, and wake up fifty times.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.comm.timeouts.connect": "10s",
    # Threads are counted in threads.py. Units run beside a worker's main thread, and in an arena of
    # its own such a thread could not keep memory in pieces of more than 64 MB.
    "distributed.nanny.pre-spawn-environ": ahead.ENVIRONMENT,
}


class Inline:
    """A plain loop in this process, for debugging; nothing here can end a unit that hangs."""

    limits_time = False

    def run(self, attempt: Attempt, tasks: Sequence[Task]) -> Iterator[Ended]:
        for task in tasks:
            yield task, attempt(task)


class Cluster:
    """Processes of a Dask cluster, embedded or remote."""

    limits_time = True

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, attempt: Attempt, tasks: Sequence[Task]) -> Iterator[Ended]:
        from distributed import as_completed

        # One map under one key: Dask keeps waiting units in the scheduler (and not with a worker
        # that may die) only for tasks that belong together and are more than the workers.
        name = f"{attempt.recipe.stage}-{os.urandom(4).hex()}"
        keys = [(name, number) for number in range(len(tasks))]
        futures = self._client.map(attempt, tasks, key=keys)
        task_of = dict(zip(futures, tasks, strict=True))
        done = as_completed(futures, with_results=True, raise_errors=False, loop=self._client.loop)
        for future, result in done:
            task = task_of.pop(future)
            if future.status != "finished":
                _expect_death(result)
            yield task, result if future.status == "finished" else None
            future.release()


@contextmanager
def start(
    settings: Settings, *, tasks: int, hear: Callable[[str], None]
) -> Iterator[Inline | Cluster]:
    """The engine that engine.yaml asks for, with no more workers than there are tasks; `hear` gets
    what units have to say meanwhile."""
    if settings.engine == "inline":
        yield Inline()
        return
    with ExitStack() as stack:
        client = _client(settings, min(settings.processes(), tasks), stack)
        client.subscribe_topic(voice.TOPIC, lambda event: hear(event[1]))
        yield Cluster(client)


def _client(settings: Settings, workers: int, stack: ExitStack) -> Any:
    import dask
    import distributed  # noqa: F401  # or its defaults would come and go with our settings

    method = {"distributed.worker.multiprocessing-method": ahead.method()}
    stack.enter_context(dask.config.set({**_DASK, **method}))
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # deaths are our status rows
    if settings.engine == "local":
        place: Any = stack.enter_context(_embedded(workers))
    elif "://" in settings.engine:
        place = settings.engine
    else:
        place = stack.enter_context(_jobqueue(settings, workers))
    client = stack.enter_context(_connected(place))
    client.register_plugin(_preparation(local=settings.engine == "local"))
    return client


def _connected(place: Any) -> Any:
    from distributed import Client

    try:
        return Client(place, set_as_default=False)
    except OSError as error:
        raise EngineError(
            f"no Dask scheduler answers at {place} ({error}); start one, or choose another engine "
            "in engine.yaml"
        ) from None


def _embedded(workers: int) -> Any:
    """Workers beside this process, deaf to Ctrl-C: it is for the stage to answer, not for them.

    What is blocked while they start stays blocked in them and in all that replace them; here it is
    delivered as soon as they stand.
    """
    from distributed import LocalCluster

    with ahead.deaf():
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port; a fixed one warns when it is taken
            silence_logs=logging.CRITICAL,
        )


def _jobqueue(settings: Settings, workers: int) -> Any:
    try:
        import dask_jobqueue
    except ModuleNotFoundError:
        raise ParamsError(
            f"engine.yaml: engine: {settings.engine} needs dask-jobqueue; "
            "install it with `.venv/bin/pip install -c constraints.txt -e '.[cluster]'`"
        ) from None
    kind = getattr(dask_jobqueue, settings.engine, None)
    if kind is None:
        raise ParamsError(f"engine.yaml: dask_jobqueue has no class {settings.engine}")
    # one unit at a time in each process, so as many processes as a job has cores
    cluster = kind(**{"processes": settings.cluster.get("cores", 1), **settings.cluster})
    cluster.scale(jobs=workers)
    return cluster


def _preparation(*, local: bool) -> Any:
    """What each worker does first: run the code of the stage's own folder, on one thread."""
    from distributed import WorkerPlugin

    class Preparation(WorkerPlugin):
        name = "duchenne"

        def setup(self, worker: Any) -> None:
            prepare(folder, local=local, threads_each=worker.state.nthreads)
            voice.number_worker(worker.name)

    folder = source.present()
    return Preparation()


def prepare(folder: Path, *, local: bool, threads_each: int) -> None:
    """Make this process a worker for the code in `folder`."""
    if threads_each != 1:
        raise EngineError(
            f"a worker has {threads_each} threads; start workers with --nthreads 1, since time "
            "limits end a process, and units would die of their neighbours"
        )
    threads.pin()
    lean.without_pandas()
    if local:
        parent.die_with_parent()
    else:
        _forget_old_code()
    for place in (folder, folder.parent):  # duchenne, and the stages beside it
        if str(place) not in sys.path:
            sys.path.insert(0, str(place))
    source.check(folder)


def _forget_old_code() -> None:
    """A worker that outlives a stage must import what has been edited since."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("duchenne", "stages")]:
        del sys.modules[name]


def _expect_death(error: Any) -> None:
    """A worker's death is the caller's to judge; anything else is the cluster's fault."""
    from distributed import KilledWorker

    fault = error[1] if isinstance(error, tuple) else error  # (type, error, traceback)
    if not isinstance(fault, KilledWorker):
        raise EngineError(
            f"the Dask cluster gave up ({type(fault).__name__}: {fault}); its log says why. "
            "Finished units are kept: run again once it works"
        )
