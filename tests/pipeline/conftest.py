"""The project that most tests of the pipeline begin with, made once for all processes of a run."""

import fcntl
import subprocess
from pathlib import Path

import pytest

from tests.make.workspace import TINY, Workspace


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder with a project in which `dvc repro` has run once, and what that printed.

    The first process that asks makes it, others wait. Each module works on a copy of its own.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "first_run"
    folder.mkdir(exist_ok=True)
    printed = folder / "printed.txt"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            workspace = a_project(folder / "project")
            done = workspace.dvc("repro")
            assert done.returncode == 0, done.stdout
            workspace.commit("results")
            printed.write_text(done.stdout)
    return folder


def a_project(root: Path) -> Workspace:
    """A project with history, for the smallest demo, in which nothing has run."""
    workspace = Workspace.make(root)
    workspace.set(**TINY)
    workspace.start_history()
    return workspace


def copied(first_run: Path, root: Path) -> Workspace:
    """The project of `first_run` in an empty folder, with its caches; links stay links."""
    subprocess.run(["cp", "-a", f"{first_run / 'project'}/.", str(root)], check=True)
    return Workspace(root)
