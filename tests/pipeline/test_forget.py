"""After `duchenne forget frames` no picture of a face is left, and nothing has to be made again."""

import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from duchenne.tables import parquet
from duchenne.tables.frames import FRAMES
from tests.make.workspace import Workspace
from tests.pipeline.conftest import copied
from tests.pipeline.test_repro import ran, results_of


class Finished(NamedTuple):
    workspace: Workspace
    pictures: set[bytes]  # the first of every clip, in two versions of data/frames


@pytest.fixture(scope="module")
def finished(first_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A project whose caches hold the frames of another setting too."""
    workspace = copied(first_run, tmp_path_factory.mktemp("project"))
    found = pictures(workspace.root / "data/frames")
    for quality in (60, 90):  # and back, which comes out of DVC's cache
        workspace.set(decode__jpeg_quality=quality)
        done = workspace.dvc("repro", "decode")
        assert done.returncode == 0, done.stdout
        found |= pictures(workspace.root / "data/frames")
    assert len(found) == 2 * 8
    assert len(files_with(found, workspace.root)) > 3 * 8, "workspace, DVC's cache and unit cache"
    return Finished(workspace, found)


def pictures(folder: Path) -> set[bytes]:
    paths = folder.glob("*.parquet")
    return {parquet.read(FRAMES, path)["jpeg"][0].as_py() for path in paths}


def files_with(pictures: set[bytes], root: Path) -> list[Path]:
    """The files, of whatever kind and in whatever place, that hold one of the pictures."""
    found = []
    for path in root.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        found += [path] if any(picture in content for picture in pictures) else []
    return found


def forget(workspace: Workspace, *words: str) -> str:
    done = workspace.run(sys.executable, "-m", "duchenne.cli.main", "forget", "frames", *words)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_no_picture_is_left_and_nothing_runs_again(finished: Finished):
    workspace, shown = finished
    before = results_of(workspace.root)
    held = files_with(shown, workspace.root)
    assert "would free" in forget(workspace, "--dry-run")
    assert files_with(shown, workspace.root) == held, "a dry run deletes nothing"
    assert "freed" in forget(workspace)
    assert files_with(shown, workspace.root) == []
    kept = {name: b for name, b in before.items() if not name.startswith("data/frames")}
    assert results_of(workspace.root) == kept
    assert "freed 0 bytes" in forget(workspace)

    status = workspace.dvc("status").stdout
    assert "deleted:            data/frames" in status
    assert "modified" not in status
    again = workspace.dvc("repro", "--allow-missing")
    assert (again.returncode, ran(again.stdout)) == (0, []), again.stdout
    other = workspace.dvc("exp", "run", "--allow-missing", "-S", "fusion=hadamard")
    assert ran(other.stdout) == ["check", "train", "aggregate"], other.stdout
    assert files_with(shown, workspace.root) == []


def test_where_frames_are_needed_they_are_made_again(finished: Finished):
    workspace, shown = finished
    forget(workspace)
    done = workspace.dvc("repro", "decode")
    assert ran(done.stdout) == ["decode"], done.stdout
    assert pictures(workspace.root / "data/frames") < shown


def test_frames_that_dvc_has_linked_go_too_and_folders_that_are_links_are_refused(
    finished: Finished,
):
    """With cache.type symlink each file is a link into DVC's cache, in a folder that is none."""
    workspace, shown = finished
    frames = workspace.root / "data/frames"
    workspace.dvc("config", "cache.type", "symlink")
    for words in (("repro", "decode"), ("checkout", "--relink", "data/frames")):
        done = workspace.dvc(*words)
        assert done.returncode == 0, done.stdout
    assert {path.is_symlink() for path in frames.iterdir()} == {True}
    (frames / "notes.txt").write_text("mine")
    frames.rename(workspace.root / "away")
    frames.symlink_to(workspace.root / "away")
    done = workspace.run(sys.executable, "-m", "duchenne.cli.main", "forget", "frames")
    assert done.returncode == 1
    assert f"{frames} is a link to {workspace.root}/away, and nothing is deleted" in done.stdout
    assert len(files_with(shown, workspace.root)) > 2 * 8, "in all three places"
    frames.unlink()
    (workspace.root / "away").rename(frames)
    assert "no tables of pictures: data/frames/notes.txt;" in forget(workspace)
    assert files_with(shown, workspace.root) == []
    assert [path.name for path in frames.iterdir()] == ["notes.txt"]
    workspace.dvc("config", "--unset", "cache.type")


def test_outside_a_project_it_says_so(tmp_path: Path):
    words = (sys.executable, "-m", "duchenne.cli.main", "forget", "frames")
    done = Workspace(tmp_path).run(*words)
    assert done.returncode == 1
    assert "there is no dvc.yaml here" in done.stdout
    assert list(tmp_path.iterdir()) == []
