"""docs/scale.md by its own commands: real processes on loopback, and the same bytes as `local`."""

import os
import re
import shlex
import shutil
import socket
from pathlib import Path

import yaml

from duchenne.flow.settings import Settings
from tests.make.clusters import COMMAND, cluster, end, told
from tests.make.workspace import TINY, Workspace, contents
from tests.rules.imports import ROOT

PAGE = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
TABLES = ("frames", "faces", "mesh", "landmarks", "status")


def test_the_commands_of_the_page_give_the_bytes_of_local(tmp_path: Path) -> None:
    """Even where one worker is killed during a stage, and another joins late."""
    local, far = workspaces(tmp_path)
    landmarks = ("dvc", "repro", "normalize")
    assert local.run(*landmarks).returncode == 0
    block = re.search(r"```sh\n(duchenne scheduler.*?)```", PAGE, re.DOTALL)
    assert block
    start, join, run = block[1].replace("8786", str(free_port())).strip().splitlines()
    with cluster(tmp_path / "cluster") as running:
        home = {"XDG_CONFIG_HOME": str(running.folder)}
        told(running.start(COMMAND, *words(start), env=home), "the scheduler is at")
        told(running.start(COMMAND, *words(join), env=home), "2 workers at")
        path = f"{Path(COMMAND).parent}{os.pathsep}{os.environ['PATH']}"
        given = {**far.env, **home, "PATH": path}
        log = running.start("sh", "-c", f"exec env {run}", folder=far.root, env=given)
        told(log, "Running stage 'detect'")
        told(running.start(COMMAND, *words(join), env=home), "2 workers at")  # some more
        end(running.started[1])
        assert running.started[2].poll() is None, "it was disturbed at work"
        assert running.started[2].wait(timeout=300) == 0, log.read_text()
    assert made(far) == made(local)


def workspaces(folder: Path) -> tuple[Workspace, Workspace]:
    """Two with the same clips, under git and DVC."""
    one = Workspace.make(folder / "local")
    one.set(**TINY)
    one.start_history()
    done = one.dvc("repro", "index")
    assert done.returncode == 0, done.stdout
    shutil.copytree(one.root, folder / "far", symlinks=True)
    return one, Workspace(folder / "far")


def words(command: str) -> list[str]:
    program, *others = shlex.split(command)
    assert program == "duchenne"
    return others


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def made(workspace: Workspace) -> dict[str, bytes]:
    data = workspace.root / "data"
    return {f"{t}/{name}": text for t in TABLES for name, text in contents(data / t).items()}


def test_the_settings_of_the_page_are_settings() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    for block in blocks:
        assert Settings.model_validate(yaml.safe_load(block))
