"""`duchenne scheduler` and `duchenne worker`: a Dask cluster on one machine or several.

Both use the TLS keys of one folder and serve no dashboard. Workers need no setting for the code:
they run that of the project that sends them units.
"""

import asyncio
import logging
import os
import platform
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from duchenne.errors import EngineError
from duchenne.flow import startup, tls
from duchenne.flow.engine import DASK, NO_DASHBOARD
from duchenne.flow.settings import cores

PORT = 8786  # Dask's own


def scheduler(keys: Path, *, host: str | None, port: int) -> None:
    """Run a scheduler until it is stopped; keys are made where the folder has none."""
    tls.make_folder(keys)
    _run(_scheduler(tls.of_folder(keys), keys, host=host, port=port))


def workers(address: str, keys: Path, *, count: int | None, patience: float) -> None:
    """Run worker processes (one per core) until they are stopped or their scheduler ends."""
    if not address.startswith("tls://"):
        raise EngineError(
            f"{address} should be the tls:// address that `duchenne scheduler` has printed"
        )
    startup.pin()
    _run(_workers(address, tls.of_folder(keys), count=count or cores(), patience=patience))


def _run(work: Any) -> None:
    import dask
    import distributed  # noqa: F401  # its import would otherwise reset our settings

    logging.getLogger("distributed").setLevel(logging.ERROR)
    with dask.config.set(DASK), suppress(KeyboardInterrupt):
        asyncio.run(work)


async def _scheduler(security: Any, keys: Path, *, host: str | None, port: int) -> None:
    from distributed import Scheduler

    try:
        running = await Scheduler(
            protocol="tls", host=host, port=port, security=security, **NO_DASHBOARD
        )
    except OSError as error:
        raise EngineError(
            f"no scheduler can listen at port {port} ({error.strerror or error}); choose another "
            "with --port"
        ) from None
    _say(
        f"the scheduler is at {running.address}, with the keys in {keys}\n"
        f"on each machine that is to work: duchenne worker {running.address}\n"
        f"in engine.yaml of the project:   engine: {running.address}"
    )
    await _until_stopped(running.finished())
    await running.close()


async def _workers(address: str, security: Any, *, count: int, patience: float) -> None:
    from distributed import Nanny

    nannies = [
        Nanny(
            address, nthreads=1, security=security, protocol="tls", dashboard=False,
            dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR,
            name=f"{platform.node()}-{os.getpid()}-{number}",  # the last number chooses the GPU
        )
        for number in range(count)
    ]  # fmt: skip
    try:
        await asyncio.wait_for(asyncio.gather(*nannies), patience)
    except (OSError, RuntimeError, TimeoutError) as error:
        raise EngineError(
            f"no scheduler answers at {address} ({error or 'in time'}), or it has other keys; "
            "start `duchenne scheduler` first, and use its folder of keys here too"
        ) from None
    _say(f"{count} workers at {address}")
    await _until_stopped(asyncio.gather(*(nanny.finished() for nanny in nannies)))
    await asyncio.gather(*(nanny.close() for nanny in nannies))


async def _until_stopped(finished: Any) -> None:
    """Return when `finished` is done, or on SIGINT or SIGTERM."""
    import signal

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    waiting = [asyncio.ensure_future(finished), asyncio.ensure_future(stopped.wait())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
