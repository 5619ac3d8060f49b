"""Look-alikes of the published smile sets, a few tiny clips each, from the list to the figures."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from duchenne.datasets import demo
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.folds import FOLDS
from duchenne.tables.mesh import read_mesh
from duchenne.tables.predictions import PREDICTIONS
from tests.make import smile_sets
from tests.make.smile_sets import Clip
from tests.make.workspace import TINY, Workspace
from tests.pipeline.conftest import a_project
from tests.pipeline.test_repro import ran

STAGES = ("index", "decode", "detect", "mesh", "normalize", "quality", "dmarkers", "folds",
          "train", "probes", "aggregate")  # fmt: skip
SIZE = 160
PEOPLE = ("nelly", "yi", "ying", "riku")

# Four people with a smile of each class, as each set calls them.
UVA = [
    Clip(f"00{n}_{word}_smile_1", f"00{n}", label)
    for n in range(1, 5)
    for label, word in enumerate(("deliberate", "spontaneous"))
]
SPOS = [
    Clip(f"{word}_{name}-1", name, label)
    for name in PEOPLE
    for label, word in enumerate(("posed", "spontaneous"))
]
BBC = smile_sets.bbc()[:8]
MMI = [
    Clip(str(number + n), str(50 * label + n), label)
    for n in range(4)
    for label, number in enumerate((108, 2004))
]
SETS: dict[str, list[Clip]] = {"uva-nemo": UVA, "bbc": BBC, "mmi": MMI, "spos": SPOS}
Places = Callable[[Clip], str]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for rendered smiles, and for one unit cache: frames and meshes go by content, so
    that the same smile under another set's name is not computed again."""
    folder = tmp_path_factory.mktemp("shared")
    for number, plan in enumerate(demo.plan(seed=0, subjects=4, clips_per_subject=2, size=SIZE)):
        demo.write_video(plan, folder / f"{number}.mp4")
    return folder


def make(root: Path, name: str, shared: Path, *, place: Places | None = None) -> Workspace:
    """A workspace whose data set is the look-alike of one set, in videos."""
    workspace = Workspace.make(root)
    workspace.set(**TINY, dataset=name)
    fill(root / "data/raw" / name, SETS[name], shared, place or (lambda clip: f"{clip.ident}.mp4"))
    return workspace


def fill(data: Path, clips: list[Clip], shared: Path, place: Places) -> None:
    for number, clip in enumerate(clips):
        target = data / place(clip)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shared / f"{number}.mp4", target)
    if clips is MMI:
        smile_sets.write_sessions(data, clips)


def run(workspace: Workspace, shared: Path, *stages: str) -> str:
    env = {"DUCHENNE_CACHE": str(shared / "cache"), "DUCHENNE_ENGINE": "inline"}
    said = ""
    for stage in stages or STAGES:
        done = workspace.stage(stage, **env)
        assert done.returncode == 0, done.stdout
        said += done.stdout
    return said


def rows(workspace: Workspace, table: parquet.Table) -> list[dict[str, Any]]:
    path = workspace.root / f"data/{table.name}.parquet"
    found: list[dict[str, Any]] = parquet.read(table, path).to_pylist()
    return found


def folds_of(workspace: Workspace) -> Mapping[str, set[str]]:
    """The subjects that each fold tests."""
    subject = {row["clip"]: row["subject"] for row in rows(workspace, CLIPS)}
    tests: dict[str, set[str]] = {}
    for row in rows(workspace, FOLDS):
        if row["role"] == "test":
            tests.setdefault(row["fold"], set()).add(subject[row["clip"]])
    return tests


def report(workspace: Workspace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((workspace.root / "data/reports/dataset.json").read_text())
    return found


def check_scored(workspace: Workspace, clips: list[Clip]) -> None:
    """Every clip has been tested, and there are figures of all of them."""
    tested = [row for row in rows(workspace, PREDICTIONS) if row["role"] == "test"]
    assert sorted((row["subject"], row["label"]) for row in tested) == sorted(
        (clip.subject, clip.label) for clip in clips
    )
    found = json.loads((workspace.root / "metrics/summary.json").read_text())
    assert 0 <= found["balanced_accuracy"] <= 1


@pytest.fixture(scope="module")
def uva(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Workspace:
    """UvA-NEMO with published folds that no stratified split would make, run to the end."""
    workspace = make(tmp_path_factory.mktemp("uva"), "uva-nemo", shared)
    workspace.set(folds__scheme="published")
    tests = {"1": UVA[:2], "2": UVA[2:4], "10": UVA[4:]}
    smile_sets.write_labels(workspace.root / "data/raw/uva-nemo", tests)
    run(workspace, shared)
    return workspace


def test_uva_nemo_is_tested_by_its_published_folds(uva: Workspace):
    check_scored(uva, UVA)
    assert folds_of(uva) == {"01": {"001"}, "02": {"002"}, "10": {"003", "004"}}
    facts = report(uva)
    assert facts["against_published"] == {
        "clips": -1232, "spontaneous": -593, "posed": -639, "subjects": -396
    }  # fmt: skip
    assert (facts["missing"], facts["not_in_labels"], facts["published_folds"]) == ([], [], 3)


def test_bbc(tmp_path: Path, shared: Path):
    workspace = make(tmp_path, "bbc", shared, place=lambda clip: f"all/{clip.ident}.MP4")
    said = run(workspace, shared)
    check_scored(workspace, BBC)
    assert len(folds_of(workspace)) == 2
    assert report(workspace)["missing"] == [f"the clip of q{n:02d}" for n in range(9, 21)]
    assert "not the published set: 8 clips instead of 20" in said


def test_mmi(tmp_path: Path, shared: Path):
    workspace = make(tmp_path, "mmi", shared, place=lambda clip: f"Sessions/{clip.ident}/S1-1.mp4")
    run(workspace, shared)
    check_scored(workspace, MMI)
    assert {row["fold"] for row in rows(workspace, CLIPS)} == {None}


def as_pictures(video: Path, folder: Path) -> None:
    """A clip as the owners of SPOS hand it out."""
    folder.mkdir(parents=True)
    with av.open(video) as film:
        for number, frame in enumerate(film.decode(video=0)):
            frame.to_image().save(folder / f"{number + 1}.bmp")
    video.unlink()


def test_spos_leaves_one_subject_out(tmp_path: Path, shared: Path):
    workspace = make(tmp_path, "spos", shared, place=lambda clip: f"VIS/{clip.ident}.mp4")
    data = tmp_path / "data/raw/spos/VIS"
    as_pictures(data / "posed_yi-1.mp4", data / "posed/happy/yi-1")
    run(workspace, shared)
    check_scored(workspace, SPOS)
    kinds = {row["path"]: row["kind"] for row in rows(workspace, CLIPS)}
    assert kinds["data/raw/spos/VIS/posed/happy/yi-1"] == "sequence"
    assert folds_of(workspace) == {name: {name} for name in PEOPLE}


def test_published_folds_that_share_a_subject_stop_index(tmp_path: Path, shared: Path):
    workspace = make(tmp_path, "spos", shared)
    smile_sets.write_labels(tmp_path / "data/raw/spos", {"1": SPOS[:3], "2": SPOS[3:]})
    assert "WARNING the published folds cannot be trusted" in run(workspace, shared, "index")
    workspace.set(folds__scheme="published")
    done = workspace.stage("index")
    assert done.returncode == 1
    assert "yi in fold 1 (train spontaneous_yi-1; test posed_yi-1)" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.fixture(scope="module")
def releases(uva: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landmarks of the eight smiles as others publish them: shares of the picture."""
    folder = tmp_path_factory.mktemp("releases")
    for number, clip in enumerate(UVA):
        xyz = read_mesh(uva.root / f"data/mesh/{clip.ident}.parquet").xyz
        np.save(folder / f"{number}.npy", (xyz / SIZE).astype(np.float32))
    return folder


def release(workspace: Workspace, name: str, releases: Path, ending: str) -> None:
    """The look-alike of a set in landmarks alone, without a video."""
    data = workspace.root / "data/raw" / name
    data.mkdir(parents=True)
    for number, clip in enumerate(SETS[name]):
        shutil.copy(releases / f"{number}.npy", data / f"{clip.ident}{ending}")
    if name == "mmi":
        smile_sets.write_sessions(data, MMI)


def arrays(fps: float | dict[str, float]) -> dict[str, Any]:
    return {"units": "fraction", "width": SIZE, "height": SIZE, "fps": fps}


def test_landmark_releases_need_neither_video_nor_mediapipe(
    tmp_path: Path, releases: Path, shared: Path
):
    """And MMI's two classes keep the rates that each was filmed at."""
    workspace = Workspace.make(tmp_path)
    workspace.set(**TINY, dataset="mmi", datasets__mmi__landmarks=arrays(
        {"posed": 25, "spontaneous": 50}))  # fmt: skip
    release(workspace, "mmi", releases, ".npy")
    block = (
        "import sys; sys.modules['mediapipe'] = None; from stages.{0} import main; sys.exit(main())"
    )
    for stage in STAGES:
        done = workspace.run("python", "-c", block.format(stage), DUCHENNE_ENGINE="inline")
        assert done.returncode == 0, done.stdout
    check_scored(workspace, MMI)
    for clip, second in (("108", 0.04), ("2004", 0.02)):
        times = read_mesh(tmp_path / f"data/mesh/{clip}.parquet").times
        assert times[1] == pytest.approx(second)


def test_another_set_and_back_runs_no_stage_again(tmp_path: Path, releases: Path):
    """Three sets in turn, up to their folds; the second time all comes out of DVC's run cache."""
    workspace = a_project(tmp_path)
    endings = {"uva-nemo": ".mp4.npy", "bbc": ".mp4.npy", "spos": ".npy"}
    for name, ending in endings.items():
        release(workspace, name, releases, ending)
        workspace.set(**{f"datasets__{name}__landmarks": arrays(25)})
        assert workspace.dvc("add", f"data/raw/{name}").returncode == 0
    splits: dict[str, bytes] = {}
    for turn in (1, 2):
        for name in endings:
            workspace.set(dataset=name)
            done = workspace.dvc("repro", "folds", DUCHENNE_ENGINE="inline")
            assert done.returncode == 0, done.stdout
            assert ran(done.stdout) == [] if turn == 2 else "folds" in ran(done.stdout)
            split = (tmp_path / "data/folds.parquet").read_bytes()
            assert splits.setdefault(name, split) == split
    assert len(set(splits.values())) == 3
