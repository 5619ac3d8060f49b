"""Videos and pictures of people stay out of git, and DVC works with what git ignores."""

from pathlib import Path

import yaml

from tests.make import clips
from tests.make.workspace import Workspace
from tests.pipeline.conftest import a_project
from tests.pipeline.test_repro import ran

RAW = (
    "mine/anna 1.mp4",
    "mine/deep/like.dvc",
    "like.dvc/a.mp4",
    "loose.mp4",
    "UvA-NEMO.zip",
    ".b.mp4",
)


def put(workspace: Workspace, *paths: str) -> None:
    for path in (workspace.root / path for path in paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a face")


def staged(workspace: Workspace) -> list[str]:
    """What the next commit would change, were all that git sees added."""
    assert workspace.run("git", "add", "-A").returncode == 0
    return workspace.run("git", "diff", "--cached", "--name-only").stdout.splitlines()


def test_a_fresh_clone_ignores_raw_data_and_every_out(tmp_path: Path):
    workspace = a_project(tmp_path)
    stages = yaml.safe_load((tmp_path / "dvc.yaml").read_text())["stages"].values()
    put(workspace, *(f"data/raw/{path}" for path in RAW))
    put(workspace, *(f"{out}/1.jpg" for stage in stages for out in stage["outs"]))
    assert staged(workspace) == []


def test_dvc_adds_a_set_that_git_ignores_and_finds_it_in_experiments(tmp_path: Path):
    workspace = a_project(tmp_path)
    workspace.set(datasets__mine={"adapter": "folder"})
    workspace.commit("a set more")
    data = tmp_path / "data/raw/mine"
    data.mkdir()
    rows = [f"clip{i}.mp4,p{i},{i % 2}" for i in range(3)]
    (data / "clips.csv").write_text("\n".join(["path,subject,label", *rows]))
    for i in range(3):
        clips.write_video(data / f"clip{i}.mp4", frames=10 + i)
    assert staged(workspace) == []

    added = workspace.dvc("add", "data/raw/mine")
    assert added.returncode == 0, added.stdout
    assert staged(workspace) == ["data/raw/mine.dvc"]
    done = workspace.dvc("exp", "run", "--temp", "-S", "dataset=mine", "index")
    assert (done.returncode, ran(done.stdout)) == (0, ["code", "check", "index"]), done.stdout
    assert staged(workspace) == ["data/raw/mine.dvc"]
