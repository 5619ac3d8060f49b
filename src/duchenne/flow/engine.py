"""Where attempts run: in this process, in local workers, or on the user's own cluster.

All have one interface: `run(attempt, tasks)` yields each task with its outcome, in the order in
which they end, or with None where the worker process died.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from duchenne.errors import EngineError, ParamsError
from duchenne.flow import process, startup, tls, worker
from duchenne.flow.attempt import Attempt, Task
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Outcome

Ended = tuple[Task, Outcome | None]

NO_DASHBOARD: dict[str, Any] = {
    "dashboard": False,
    "dashboard_address": "127.0.0.1:0",
}  # any free port
_OPEN = ("tcp://", "ws://")  # without keys
_LOOK = 5.0  # s between two checks whether there are still workers
_MORE_WORKERS = "start some with `duchenne worker ADDRESS`, or raise wait if they need longer"

# Without the first setting, the death of a worker also fails units that wait in its queue. Without
# the second, Dask tries a unit that kills workers on three more of them.
DASK = {
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.memory.target": False,  # results are files, so there is nothing to spill
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # By default a worker samples its own stack 100 times a second, and wakes up 50 times.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.comm.timeouts.connect": "10s",
    "distributed.scheduler.http.routes": [],  # these pages would be open to everybody
    "distributed.worker.http.routes": [],
    # Replaces Dask's own MALLOC_TRIM_THRESHOLD_, with which workers gave back each 64 KB that they
    # freed: page faults took a third of their time. One arena, since units run in a thread beside
    # the main one, whose own arena could not keep blocks of more than 64 MB.
    "distributed.nanny.pre-spawn-environ": {**startup.PINS, **startup.ENVIRONMENT},
}


class Inline:
    """A plain loop in this process, for debugging. It cannot end a unit that hangs."""

    limits_time = False

    def run(self, attempt: Attempt, tasks: Sequence[Task]) -> Iterator[Ended]:
        for task in tasks:
            yield task, attempt(task)


class Cluster:
    """Workers of a Dask cluster, local or remote."""

    limits_time = True

    def __init__(self, client: Any, terms: worker.Terms, wait: float) -> None:
        self._client, self._terms, self._wait = client, terms, wait

    def run(self, attempt: Attempt, tasks: Sequence[Task]) -> Iterator[Ended]:
        ended: queue.Queue[tuple[Any, Any]] = queue.Queue()
        task_of = self._submitted(attempt, tasks, ended)
        alone_since = None
        while task_of:
            try:
                future, result = ended.get(timeout=_LOOK)
            except queue.Empty:
                alone_since = self._alone(alone_since)
                continue
            task = task_of.pop(future)
            if future.status != "finished":
                _expect_death(result)
            yield task, result if future.status == "finished" else None
            future.release()

    def _submitted(
        self, attempt: Attempt, tasks: Sequence[Task], ended: "queue.Queue[tuple[Any, Any]]"
    ) -> dict[Any, Task]:
        """The futures of all tasks; a thread puts each into `ended` with its result."""
        from distributed import as_completed
        from distributed.protocol import pickle

        # One map with one key prefix: only tasks of one group that outnumber the workers wait in
        # Dask's scheduler, and not in the queue of a worker that may die.
        name = f"{attempt.recipe.stage}-{os.urandom(4).hex()}"
        futures = self._client.map(
            worker.traveller(),
            [pickle.dumps(task) for task in tasks],
            key=[(name, number) for number in range(len(tasks))],
            attempt=pickle.dumps(attempt),
            terms=dict(self._terms),
        )
        done = as_completed(futures, with_results=True, raise_errors=False, loop=self._client.loop)
        threading.Thread(target=_move, args=(done, ended), daemon=True).start()
        return dict(zip(futures, tasks, strict=True))

    def _alone(self, since: float | None) -> float | None:
        """The time since which there have been no workers; None while there are some."""
        if self._client.scheduler_info()["workers"]:
            return None
        now = time.monotonic()
        if since is not None and now - since > self._wait:
            raise EngineError(
                f"no worker is left at {self._client.scheduler.address}, and none came within "
                f"{self._wait:g} s (wait in engine.yaml); {_MORE_WORKERS}; finished units are kept"
            )
        return since or now


def _move(source: Iterable[Any], target: "queue.Queue[Any]") -> None:
    for one in source:
        target.put(one)


@contextmanager
def start(
    settings: Settings, attempt: Attempt, *, tasks: int, hear: Callable[[str], None]
) -> Iterator[Inline | Cluster]:
    """The engine that engine.yaml asks for, with at most one worker per task; `hear` gets the
    progress messages of the units."""
    if settings.engine == "inline":
        yield Inline()
        return
    with ExitStack() as stack:
        terms = worker.terms(attempt, local=settings.engine == "local")
        client = _client(settings, min(settings.processes(), tasks), stack)
        client.subscribe_topic(process.topic(terms["run"]), lambda event: hear(event[1]))
        yield Cluster(client, terms, settings.wait)


def _client(settings: Settings, workers: int, stack: ExitStack) -> Any:
    import dask
    import distributed  # noqa: F401  # or its defaults would come and go with our settings

    method = {"distributed.worker.multiprocessing-method": startup.method()}
    stack.enter_context(dask.config.set({**DASK, **method}))
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # dead workers become status rows
    if settings.engine == "local":
        return stack.enter_context(_connected(stack.enter_context(_embedded(workers))))
    if "://" in settings.engine:
        client = stack.enter_context(_connected(settings.engine, **_keys(settings)))
    else:
        jobs = stack.enter_context(_jobqueue(settings, workers))
        client = stack.enter_context(_connected(jobs))
    _await_a_worker(client, settings)
    return client


def _keys(settings: Settings) -> dict[str, Any]:
    """The TLS keys for a remote cluster; none where engine.yaml trusts an open one."""
    if settings.engine.startswith(_OPEN):
        if not settings.trusted:
            raise EngineError(
                f"engine.yaml: {settings.engine} has no keys, so everybody who reaches it can run "
                "code as you; start it with `duchenne scheduler` and use its tls:// address, or "
                "say `trusted: true` if nobody else can reach it"
            )
        return {}
    return {"security": tls.of_folder(tls.folder_of(settings.tls))}


def _connected(place: Any, **keys: Any) -> Any:
    from distributed import Client

    try:
        return Client(place, set_as_default=False, **keys)
    except OSError as error:
        raise EngineError(
            f"no Dask scheduler answers at {place} ({error}), or it has other keys than "
            "`tls` in engine.yaml; start one with `duchenne scheduler`, or choose another engine"
        ) from None


def _await_a_worker(client: Any, settings: Settings) -> None:
    """Wait for the first worker, with a limit: Dask would wait for ever and say nothing."""
    from distributed import TimeoutError as Late

    try:
        client.wait_for_workers(1, timeout=settings.wait)
    except Late:
        raise EngineError(
            f"{settings.engine} has no workers, and none came within {settings.wait:g} s (wait in "
            f"engine.yaml); {_MORE_WORKERS}"
        ) from None


def _embedded(workers: int) -> Any:
    """Local workers, with SIGINT blocked: Ctrl-C reaches the stage alone, which then ends them.

    Workers that replace dead ones inherit the blocked signal too.
    """
    from distributed import LocalCluster

    with startup.sigint_blocked():
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            security=tls.of_this_run(),
            scheduler_kwargs=NO_DASHBOARD,
            silence_logs=logging.CRITICAL,
        )


def _jobqueue(settings: Settings, workers: int) -> Any:
    try:
        import dask_jobqueue
    except ModuleNotFoundError:
        raise ParamsError(
            f"engine.yaml: engine: {settings.engine} needs dask-jobqueue; "
            "install it with `.venv/bin/python -m tools.install cluster`"
        ) from None
    kind = getattr(dask_jobqueue, settings.engine, None)
    if kind is None:
        raise ParamsError(f"engine.yaml: dask_jobqueue has no class {settings.engine}")
    odd = sorted({"security", "protocol"} & set(settings.cluster))
    if odd and not settings.trusted:
        raise EngineError(
            f"engine.yaml: cluster: {', '.join(odd)} may leave the jobs without keys, and "
            "everybody who reaches them could run code as you; remove it, or say `trusted: true` "
            "if nobody else can"
        )
    folder = tls.folder_of(settings.tls)
    tls.make_folder(folder)
    # one unit at a time in each process, so as many processes as a job has cores
    given = {"processes": settings.cluster.get("cores", 1), "security": tls.of_folder(folder)}
    options = {"scheduler_options": NO_DASHBOARD | settings.cluster.get("scheduler_options", {})}
    cluster = kind(**{**given, **settings.cluster, **options})
    cluster.scale(jobs=workers)
    return cluster


def _expect_death(error: Any) -> None:
    """Return if a worker died, which the caller handles; raise EngineError for all other faults."""
    from distributed import CancelledError, KilledWorker

    fault = error[1] if isinstance(error, tuple) else error  # (type, error, traceback)
    if isinstance(fault, KilledWorker):
        return
    if isinstance(fault, CancelledError):  # Dask raises it when the connection is lost
        raise EngineError(
            "the scheduler has gone, and all that it knew; start it and its workers, then run "
            "again (finished units are kept)"
        ) from None
    if isinstance(fault, EngineError | RuntimeError):  # raised in worker.py
        raise EngineError(f"{fault}; finished units are kept") from None
    raise EngineError(
        f"the Dask cluster gave up ({type(fault).__name__}: {fault}); its log says why. "
        "Finished units are kept: run again once it works"
    )
