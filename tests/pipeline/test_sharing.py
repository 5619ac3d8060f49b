"""A colleague who clones and pulls has every figure and computes nothing."""

from pathlib import Path

import pytest
import yaml

from tests.make.workspace import Workspace, contents
from tests.pipeline.conftest import copied
from tests.pipeline.test_repro import ran, results_of


@pytest.fixture(scope="module")
def finished(first_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project that has been pushed to a remote beside it."""
    root = tmp_path_factory.mktemp("ours") / "project"
    root.mkdir()
    workspace = copied(first_run, root)
    remote = workspace.root.parent / "remote"
    added = workspace.dvc("remote", "add", "--default", "shelf", str(remote))
    assert added.returncode == 0, added.stdout
    pushed = workspace.dvc("push", "--run-cache")
    assert pushed.returncode == 0, pushed.stdout
    workspace.commit("results")
    return workspace


def clone(workspace: Workspace, root: Path) -> Workspace:
    """Another person's: git and the remote are all that it shares with the first."""
    assert workspace.run("git", "clone", "-q", str(workspace.root), str(root)).returncode == 0
    return Workspace(root)


def test_a_clone_pulls_every_result_and_runs_nothing(finished: Workspace, tmp_path: Path):
    other = clone(finished, tmp_path / "theirs")
    pulled = other.dvc("pull")
    assert pulled.returncode == 0, pulled.stdout
    assert results_of(other.root) == results_of(finished.root)
    done = other.dvc("repro")
    assert (done.returncode, ran(done.stdout)) == (0, []), done.stdout
    assert "up to date" in done.stdout
    assert not (other.root / "cache").exists(), "not even a unit was looked up"
    shown = other.dvc("metrics", "diff")
    assert (shown.returncode, shown.stdout) == (0, "")


def test_figures_need_no_frames_of_faces(finished: Workspace, tmp_path: Path):
    """Metrics and models come without the pictures, which may have to stay where they are."""
    other = clone(finished, tmp_path / "theirs")
    pulled = other.dvc("pull", "models/folds", "data/predictions.parquet")
    assert pulled.returncode == 0, pulled.stdout
    done = other.dvc("repro", "--allow-missing")
    assert (done.returncode, ran(done.stdout)) == (0, []), done.stdout
    summary = "metrics/summary.json"
    assert (other.root / summary).read_bytes() == (finished.root / summary).read_bytes()
    assert not (other.root / "data/frames").exists()


def test_what_an_experiment_elsewhere_computed_comes_out_of_the_run_cache(
    finished: Workspace, tmp_path: Path
):
    """The first has tried another fusion; for the second to try it too costs nothing."""
    there = finished.dvc("exp", "run", "-S", "fusion=concat")
    assert ran(there.stdout) == ["check", "train", "aggregate"], there.stdout
    figures = (finished.root / "metrics/summary.json").read_bytes()
    assert finished.dvc("push", "--run-cache").returncode == 0
    finished.run("git", "reset", "-q", "--hard")
    other = clone(finished, tmp_path / "theirs")
    pulled = other.dvc("pull", "--run-cache")
    assert pulled.returncode == 0, pulled.stdout
    done = other.dvc("exp", "run", "--pull", "-S", "fusion=concat")
    assert (done.returncode, ran(done.stdout)) == (0, ["aggregate"]), done.stdout
    assert (other.root / "metrics/summary.json").read_bytes() == figures


def test_another_folder_takes_models_and_demo_by_name(finished: Workspace, tmp_path: Path):
    """From a clone without results: they come out of the remote."""
    artifacts = yaml.safe_load((finished.root / "dvc.yaml").read_text("utf-8"))["artifacts"]
    for name in artifacts:
        assert finished.run("gto", "register", name).returncode == 0
    other = clone(finished, tmp_path / "theirs")
    for name, artifact in artifacts.items():
        got = other.dvc("artifacts", "get", str(other.root), name, "-o", str(tmp_path / name))
        assert got.returncode == 0, got.stdout
        pulled = other.dvc("pull", artifact["path"])
        assert pulled.returncode == 0, pulled.stdout
        assert contents(tmp_path / name) == contents(other.root / artifact["path"]) != {}
