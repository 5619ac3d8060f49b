"""A worker process: how it is prepared, and what it must have in common with the stage.

A stage sends its terms with every unit. A worker runs the code of the stage's own folder. It
refuses units if that code, the libraries or the unit cache differ from the stage's: its results
would be kept under a wrong key.
"""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from duchenne.errors import EngineError, listed
from duchenne.flow import process, source, startup
from duchenne.flow.attempt import Attempt
from duchenne.flow.unit import Outcome, digest

_TALKING = ("dask", "distributed", "cloudpickle")  # both sides must have the same versions


class Terms(TypedDict):
    """What a stage and its workers must have in common, as plain values: a worker reads them before
    it has imported our code."""

    run: str  # a random name of this run
    folder: str  # the project's
    code: dict[str, str]  # path -> sha256 of the bytes; empty for local workers
    versions: dict[str, str]
    proof: str  # a file in the unit cache that holds the name of the run
    local: bool  # whether the worker is a child of the stage


TERMS: Terms | None = None  # the terms that this process has agreed to


def terms(attempt: Attempt, *, local: bool) -> Terms:
    """The terms of a run. Local workers are children of this process, so there is nothing to
    compare."""
    folder, run = source.present().parent, os.urandom(8).hex()
    proof = attempt.traces / "run"
    proof.write_text(run, encoding="ascii")
    return Terms(
        run=run,
        folder=str(folder),
        code={} if local else _digests(folder),
        versions={} if local else {**_versions(_TALKING), **dict(attempt.recipe.libraries)},
        proof=str(proof),
        local=local,
    )


def traveller() -> Callable[..., Outcome]:
    """The function that a worker calls for each unit.

    It is pickled by value, as all local functions are, and takes bytes, so that neither the
    scheduler nor a new worker must be able to import our code.
    """

    def work(task: bytes, *, attempt: bytes, terms: dict[str, Any]) -> Any:
        import platform
        import sys
        from importlib import import_module, invalidate_caches
        from pathlib import Path

        here = sys.modules.get("duchenne.flow.worker")
        known = getattr(here, "TERMS", None) or {}
        same = all(known.get(key) == terms[key] for key in ("folder", "code"))
        if here is None or not (same or terms["local"]):
            # Other code than before, or none yet: remove what this process has imported of it.
            for name in [n for n in sys.modules if n.split(".")[0] in ("duchenne", "stages")]:
                del sys.modules[name]
            places = [f"{terms['folder']}/src", terms["folder"]]
            sys.path[:] = places + [place for place in sys.path if place not in places]
            invalidate_caches()
            if not Path(places[0]).is_dir():
                raise RuntimeError(
                    f"{platform.node()} does not see {places[0]}; the project must lie where all "
                    "machines of the cluster see it, under one path"
                )
            try:
                here = import_module("duchenne.flow.worker")
            except ModuleNotFoundError as error:
                raise RuntimeError(
                    f"{sys.executable} on {platform.node()} lacks {error.name}; install the "
                    "project there too, with the same requirements.lock"
                ) from None
        return here.attempted(task, attempt=attempt, terms=terms)

    return work


def attempted(task: bytes, *, attempt: bytes, terms: Terms) -> Outcome:
    """Attempt a unit, after agreeing to the terms."""
    from distributed.protocol import pickle  # Dask's own, which falls back on cloudpickle

    agree(terms)
    tried: Attempt = pickle.loads(attempt)
    return tried(pickle.loads(task))


def agree(terms: Terms) -> None:
    """Prepare this process for a run; raise EngineError if it differs from the stage."""
    global TERMS  # noqa: PLW0603 - a process works for one stage at a time
    if TERMS and TERMS["run"] == terms["run"]:
        return
    from distributed import get_worker

    worker = get_worker()
    prepare(Path(terms["folder"]), local=terms["local"], threads_each=worker.state.nthreads)
    differing = [] if terms["local"] else differences(terms)
    if differing:
        raise EngineError(f"worker {worker.name} on {platform.node()}: {'; '.join(differing)}")
    process.number_worker(worker.name)
    process.speak_on(terms["run"])
    TERMS = terms


def prepare(folder: Path, *, local: bool, threads_each: int) -> None:
    """Set up this process to work for the project in `folder`."""
    if threads_each != 1:
        raise EngineError(
            f"a worker has {threads_each} threads; start workers with `duchenne worker` (or with "
            "--nthreads 1), since time limits end a process, and units would die of their "
            "neighbours"
        )
    startup.pin()
    if local:
        process.die_with_parent()
    for place in (folder / "src", folder):
        if str(place) not in sys.path:
            sys.path.insert(0, str(place))
    source.check_place(folder / "src")


def differences(terms: Terms) -> list[str]:
    """How this process differs from the stage, and what to do about it."""
    found = []
    mine, theirs = _digests(Path(terms["folder"])), terms["code"]
    if files := {path for path in {*mine, *theirs} if mine.get(path) != theirs.get(path)}:
        found.append(
            f"other code than the stage's: {listed(files)}; let both see one and the same "
            f"{terms['folder']}"
        )
    versions = _versions(terms["versions"])
    if other := [
        f"{name} {versions[name]} instead of {version}"
        for name, version in terms["versions"].items()
        if versions[name] != version
    ]:
        found.append(
            f"other versions: {listed(other)}; install the stage's requirements.lock there"
        )
    if _content(Path(terms["proof"])) != terms["run"]:
        found.append(
            f"the unit cache {Path(terms['proof']).parents[2]} is not the stage's; set "
            "DUCHENNE_CACHE to a folder that all machines see under one path"
        )
    return found


def _digests(folder: Path) -> dict[str, str]:
    """The sha256 of the bytes of all code: both sides should read the same folder."""
    places = ("src/duchenne/**/*.py", "src/duchenne/**/*.csv", "stages/*.py")
    paths = [path for place in places for path in folder.glob(place)]
    return {path.relative_to(folder).as_posix(): digest(path) for path in sorted(paths)}


def _versions(names: Any) -> dict[str, str]:
    """The versions of Python and of distributions; `none` where one is missing."""
    found = {"python": platform.python_version()}
    for name in names:
        if name not in found:
            found[name] = _version(name)
    return found


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
