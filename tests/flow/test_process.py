"""A stage ends with dvc, however early dvc is killed; nobody else is bound to a parent."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from duchenne.flow import process
from tests.make.workspace import Workspace
from tests.rules.imports import ROOT

DVC, PROGRAM, ADOPTER, GONE = 40, 41, 42, 43  # processes of a case
SESSIONS = {0: 7, process._FIRST: 7, DVC: 7, PROGRAM: 7, ADOPTER: 8}
NAMED = '{"write": {"data/code": {"pid": 40, "cmd": "dvc repro"}}, "read": {}}'
CASES = {
    # whose child, what dvc's lock file says, started by dvc, orphaned
    "dvc's": (DVC, NAMED, True, False),
    "the first process has adopted it": (process._FIRST, NAMED, True, True),
    "a nearer one has adopted it": (ADOPTER, NAMED, True, True),
    "who adopted it is gone too": (GONE, NAMED, True, True),
    "dvc is a container's first process": (
        process._FIRST, NAMED.replace("40", str(process._FIRST)), True, False),
    "a program between": (PROGRAM, NAMED, True, False),
    "by hand, beside what a killed dvc left": (process._FIRST, NAMED, False, False),
    "no lock file": (process._FIRST, None, True, False),
    "half written": (process._FIRST, NAMED[:30], True, False),
    "other bytes": (process._FIRST, "\0", True, False),
    "a list for a table": (process._FIRST, '{"write": [1]}', True, False),
    "a number for a process": (process._FIRST, '{"write": {"data/code": 1}}', True, False),
    "nobody named": (process._FIRST, "{}", True, False),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_whose_child_is_an_orphan(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child_of, said, by_dvc, orphaned = CASES[case]
    lock = tmp_path / ".dvc" / "tmp" / "rwlock"
    lock.parent.mkdir(parents=True)
    if said is not None:
        lock.write_text(said)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    if by_dvc:
        monkeypatch.setenv("DVC_STAGE", "code")
    monkeypatch.setattr(os, "getppid", lambda: child_of)
    monkeypatch.setattr(os, "getsid", session)
    assert process.orphaned(tmp_path) == orphaned


def session(process: int) -> int:
    if process not in SESSIONS:
        raise ProcessLookupError
    return SESSIONS[process]


GATE = "at the gate"
SOMEBODY = """
import ctypes, stages
get_pdeathsig, signal = 2, ctypes.c_int(-1)  # linux/prctl.h
ctypes.CDLL(None).prctl(get_pdeathsig, ctypes.byref(signal))
print(signal.value)
"""


def test_dvc_killed_before_its_stage_was_python(workspace: Workspace) -> None:
    """The stage's shell waits until dvc is dead, and only then becomes Python."""
    shell = workspace.root / "sh"
    shell.write_text(f'#!/bin/sh\necho {GATE}\nread line\nexec /bin/sh "$@"\n')
    shell.chmod(0o755)
    with killed(workspace, SHELL=str(shell)) as (dvc, gate):
        gate.close()
        said, _ = dvc.communicate(timeout=60)
    assert "ERROR the dvc that started this stage is gone" in said
    assert not (workspace.root / "data/code").exists()


@pytest.mark.parametrize("system", ["another", *(["linux"] if sys.platform == "linux" else [])])
def test_dvc_killed_while_its_stage_imports(workspace: Workspace, system: str) -> None:
    """An import that waits for ever ends with dvc; "another" is any system without prctl."""
    ours = workspace.root / "src/duchenne/flow/process.py"
    ours.write_text(ours.read_text().replace("sys.platform", repr(system)))
    first = workspace.root / "src/duchenne/tables/files.py"  # of what stages/code.py imports
    first.write_text(f"print({GATE!r}, flush=True)\ninput()\n{first.read_text()}")
    with killed(workspace) as (dvc, _):
        dvc.communicate(timeout=60)  # until nobody is left who could write there


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace.make(tmp_path)
    workspace.start_history()
    return workspace


@contextmanager
def killed(workspace: Workspace, **env: str) -> Iterator[tuple[subprocess.Popen[str], BinaryIO]]:
    """dvc, killed while its stage waits at the gate, and the gate, which is shut."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    entrance, gate = os.pipe()
    with (
        os.fdopen(gate, "wb") as opened,
        subprocess.Popen(
            [sys.executable, "-m", "dvc", "repro", "code"],
            cwd=workspace.root,
            env={**os.environ, **workspace.env, "PATH": path, **env},
            stdin=entrance,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # or who adopts the stage here might be in its session
        ) as dvc,
    ):
        os.close(entrance)
        assert dvc.stdout is not None
        assert any(line == f"{GATE}\n" for line in dvc.stdout)
        dvc.kill()
        dvc.wait()
        yield dvc, opened


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread looks")
@pytest.mark.parametrize("words", [("-m", "somebody"), ("-c", "import somebody")])
def test_who_merely_imports_the_stages_is_bound_to_nobody(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "somebody.py").write_text(SOMEBODY)
    done = subprocess.run(
        [sys.executable, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "0\n"
