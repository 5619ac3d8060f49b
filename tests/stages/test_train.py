"""Folds as units: what is in them, what decides their keys, and which clips they lack."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from duchenne.errors import TrainingError
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Recipe, Unit, digest
from duchenne.training import gpus
from duchenne.training.protocol import FoldSpec
from stages import train
from stages.train import check_kinds, engine_for, units_of
from tests.make.fold_cases import settings

LABELS = {"anna1": 0, "anna2": 1, "bert1": 0, "carl1": 1}
CLIPS = pa.table(
    {
        "clip": list(LABELS),
        "subject": [name[:4] for name in LABELS],
        "label": list(LABELS.values()),
        "label_name": [("posed", "spontaneous")[label] for label in LABELS.values()],
        "gender": ["f", "f", "m", "m"],
    }
)
FOLDS = {
    "two": {"anna1": "test", "anna2": "test", "bert1": "train", "carl1": "val"},
    "one": {"anna1": "train", "anna2": "train", "bert1": "test", "carl1": "test"},
}
RECIPE = Recipe("train", None, "code", ())


def folds(given: Mapping[str, Mapping[str, str]] = FOLDS) -> pa.Table:
    rows = [(fold, clip, role) for fold, roles in given.items() for clip, role in roles.items()]
    return pa.table(dict(zip(("fold", "clip", "role"), zip(*rows, strict=True), strict=True)))


@pytest.fixture
def landmarks(tmp_path: Path) -> Path:
    """A folder with a file for each clip; what is in them is no matter here."""
    folder = tmp_path / "landmarks"
    folder.mkdir()
    for name in LABELS:
        (folder / f"{name}.parquet").write_text(f"landmarks of {name}")
    return folder


def test_a_unit_says_everything_of_its_fold_in_the_order_of_its_files(landmarks: Path):
    [two, one] = units_of(folds(), CLIPS, landmarks, None)
    assert FoldSpec(**two.spec) == FoldSpec(
        fold="two",
        clips=("anna1", "anna2", "bert1", "carl1"),
        roles=("test", "test", "train", "val"),
        labels=(0, 1, 0, 1),
        subjects=("anna", "anna", "bert", "carl"),
        classes=("posed", "spontaneous"),
    )
    for unit in (one, two):
        assert [given.path.stem for given in unit.inputs] == list(unit.spec["clips"])
        assert [given.sha256 for given in unit.inputs] == [digest(i.path) for i in unit.inputs]
    assert (one.name, two.name) == ("one", "two")


def test_lengths_go_with_the_clips_where_they_are_to_be_matched(landmarks: Path):
    units = units_of(folds(), CLIPS, landmarks, None, seconds={"anna2": 2.0, "carl1": 3.5})
    assert [FoldSpec(**unit.spec).seconds for unit in units] == [(None, 2.0, None, 3.5)] * 2
    assert not FoldSpec(**units_of(folds(), CLIPS, landmarks, None)[0].spec).seconds


def test_each_clip_is_digested_once_however_many_folds_there_are(
    landmarks: Path, monkeypatch: pytest.MonkeyPatch
):
    read: list[str] = []

    def count(path: Path) -> str:
        read.append(path.stem)
        return digest(path)

    monkeypatch.setattr(train, "digest", count)
    many = {str(number): FOLDS["one"] for number in range(10)}
    assert len(units_of(folds(many), CLIPS, landmarks, None)) == 10
    assert sorted(read) == sorted(LABELS)


def test_d_markers_come_last_where_the_fusion_takes_them(landmarks: Path):
    table = landmarks.parent / "dmarkers.parquet"
    [unit, _] = units_of(folds(), CLIPS, landmarks, table)
    assert [given.path for given in unit.inputs][4:] == [table]
    [alone, _] = units_of(folds(), CLIPS, landmarks, None)
    assert len(alone.inputs) == 4


def keys(units: Sequence[Unit]) -> dict[str, str]:
    return {
        unit.name: RECIPE.key(unit, tuple(i.sha256 or digest(i.path) for i in unit.inputs))
        for unit in units
    }


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("landmarks", {"one", "two"}),
        ("label", {"one", "two"}),
        ("subject", {"one", "two"}),
        ("role", {"one"}),
        ("group", set()),
        ("place", set()),
        ("other clip", set()),
    ],
)
def test_what_makes_a_fold_be_trained_again(what, changed, landmarks: Path):
    before = keys(units_of(folds(), CLIPS, landmarks, None))
    clips, split = CLIPS.to_pylist(), {name: dict(roles) for name, roles in FOLDS.items()}
    match what:
        case "landmarks":
            (landmarks / "bert1.parquet").write_text("others")
        case "label":
            clips[0]["label"] = 1
        case "subject":
            clips[0]["subject"] = "anne"
        case "role":
            split["one"]["anna1"] = "val"
        case "group":
            clips[0]["gender"] = "?"
        case "place":
            landmarks = landmarks.rename(landmarks.with_name("elsewhere"))
        case "other clip":
            clips.append({**clips[0], "clip": "dora1"})
    after = keys(units_of(folds(split), pa.Table.from_pylist(clips), landmarks, None))
    assert {name for name in before if before[name] != after[name]} == changed


def test_clips_without_landmarks_are_named(landmarks: Path):
    for name in ("bert1", "anna2"):
        (landmarks / f"{name}.parquet").unlink()
    with pytest.raises(TrainingError, match=r"^anna2, bert1 have no landmarks, and this model"):
        units_of(folds(), CLIPS, landmarks, None)


def test_a_clip_that_is_in_no_fold_needs_no_landmarks(landmarks: Path):
    (landmarks / "anna1.parquet").unlink()
    without = {"one": {name: role for name, role in FOLDS["one"].items() if name != "anna1"}}
    [unit] = units_of(folds(without), CLIPS, landmarks, None)
    assert unit.spec["clips"] == ("anna2", "bert1", "carl1")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([0, 1, 0, 1], ("c0", "c1")),
        ([1, 1, 1, 1], ("0", "c1")),
        ([0, 0, 0, 0], ("c0", "1")),
        ([0, 3, 1, 1], ("c0", "c1", "2", "c3")),
    ],
)
def test_classes_keep_their_numbers(labels, classes, landmarks: Path):
    rows = [{**row, "label": label, "label_name": f"c{label}"}
            for row, label in zip(CLIPS.to_pylist(), labels, strict=True)]  # fmt: skip
    [unit, _] = units_of(folds(), pa.Table.from_pylist(rows), landmarks, None)
    assert unit.spec["classes"] == classes


@pytest.mark.parametrize(
    ("device", "there", "given", "threads", "together"),
    [
        ("auto", 0, Settings(workers=8), 1, 8),
        ("auto", 0, Settings(workers=8), 3, 2),
        ("auto", 0, Settings(workers=2), 4, 1),
        ("auto", 2, Settings(workers=8), 1, 2),
        ("cuda", 2, Settings(workers=8, folds_per_device=3), 1, 6),
        ("cpu", 2, Settings(workers=8), 1, 8),
    ],
)
def test_how_many_folds_run_side_by_side(
    device, there, given, threads, together, *, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(gpus, "count", lambda: there)
    train = settings(train__device=device, train__threads=threads).train
    found = engine_for(given, train)
    assert found.processes() == together
    assert found.time_limit is None, "a fold may take hours"
    assert given.time_limit == 900


def test_a_fold_s_landmarks_are_read_in_place(landmarks: Path):
    """Nothing is copied: a unit names the files themselves."""
    [unit, _] = units_of(folds(), CLIPS, landmarks, None)
    assert [i.path for i in unit.inputs] == [landmarks / f"{name}.parquet" for name in LABELS]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fusion": "concat"}, r"fusion: concat \(use fusion: none\) needs clips in which"),
        ({"window__shows": "motion"}, r"window.shows: motion \(use shape\) needs clips"),
        ({"fusion": "film", "window__shows": "motion"}, "fusion: film .* and window.shows: motion"),
    ],
)
@pytest.mark.parametrize("kind", ["image", "pixels"])
def test_photographs_cannot_teach_what_only_moving_faces_show(changes, says, kind):
    kinds = ["video", kind, "video", kind]
    clips = CLIPS.append_column("kind", pa.array(kinds))
    with pytest.raises(TrainingError, match=rf"^anna2, carl1 are photographs, and .*{says}"):
        check_kinds(folds(), clips, settings(**changes))
    check_kinds(folds(), clips, settings())
    without = {"one": {"anna1": "train", "bert1": "test"}}
    check_kinds(folds(without), clips, settings(**changes))


@pytest.mark.parametrize(
    ("code", "idle"),
    [
        ("import stages.train", {"torch", "sklearn", "vidaug", "duchenne.training.fold"}),
        ("import duchenne.training.fold", {"sklearn", "scipy.optimize"}),
    ],
)
def test_what_takes_seconds_to_load_is_loaded_by_those_who_use_it(code: str, idle: set[str]):
    script = f"import stages; {code}; import sys; print(*(sys.modules.keys() & {idle!r}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
