"""A process that works for a stage: what both must have in common, and its first steps.

A stage sends its terms along with every unit. A worker runs the code of the stage's own folder, and
refuses where that code, the libraries or the unit cache are not the ones that the stage has: its
results would be kept under a key that is not theirs.
"""

import hashlib
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
from duchenne.flow.unit import Outcome

_TALKING = ("dask", "distributed", "cloudpickle")  # both sides must speak the same


class Terms(TypedDict):
    """What a stage and its workers agree upon, in plain values: a worker reads it before it has
    any code of ours."""

    run: str  # a name for this run
    folder: str  # the project's
    code: dict[str, str]  # file -> sha256
    versions: dict[str, str]
    proof: str  # a file in the unit cache that holds the name of the run
    local: bool  # beside the stage, whose child it is


TERMS: Terms | None = None  # those that this process works by


def terms(attempt: Attempt, *, local: bool) -> Terms:
    """The terms of a run. Local workers are children of this process, and have everything in common
    with it."""
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

    It is pickled by value, as all local functions are, and is given bytes: neither the scheduler
    nor a worker that has just started needs to have our code where Python finds it.
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
            # Other code than before, or none yet: Python must not find what it has imported.
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
    """Do a unit by the terms."""
    from distributed.protocol import pickle  # with which Dask sends everything else, too

    agree(terms)
    tried: Attempt = pickle.loads(attempt)
    return tried(pickle.loads(task))


def agree(terms: Terms) -> None:
    """Become a worker by these terms, or say what is in the way."""
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
    """Make this process fit to work for the project in `folder`."""
    if threads_each != 1:
        raise EngineError(
            f"a worker has {threads_each} threads; start workers with `duchenne worker` (or with "
            "--nthreads 1), since time limits end a process, and units would die of their "
            "neighbours"
        )
    startup.pin()
    startup.without_pandas()
    if local:
        process.die_with_parent()
    for place in (folder / "src", folder):
        if str(place) not in sys.path:
            sys.path.insert(0, str(place))
    source.check_place(folder / "src")


def differences(terms: Terms) -> list[str]:
    """What this process has not in common with the stage, and what to do about it."""
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
    """The sha256 of every file of code in a project."""
    places = ("src/duchenne/**/*.py", "src/duchenne/**/*.csv", "stages/*.py")
    paths = [path for place in places for path in folder.glob(place)]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
    }


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
