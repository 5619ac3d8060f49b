"""Sets of photographs with seven classes, from their owners' folders to the figures."""

import csv
import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from duchenne.datasets import demo
from duchenne.datasets.adapters.ckplus import CLASSES
from duchenne.datasets.adapters.fer2013 import CLASSES as FER_CLASSES
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.crops import read_crops
from duchenne.tables.dmarkers import DMARKERS
from duchenne.tables.folds import FOLDS
from duchenne.tables.predictions import PREDICTIONS
from duchenne.tables.quality import QUALITY
from tests.make.expressions import USAGES, Grey, row, write_sequence, write_table
from tests.make.workspace import TINY, Workspace

STAGES = ("index", "decode", "detect", "mesh", "normalize", "quality", "crops", "dmarkers",
          "folds", "train", "probes", "aggregate")  # fmt: skip
AFTER_QUALITY = STAGES[STAGES.index("quality") :]
PEOPLE = 6


@cache
def film(person: int) -> list[Grey]:
    """A person's face at 16 moments of a smile, which stand for expressions here."""
    plan = demo.plan(seed=1, subjects=PEOPLE, clips_per_subject=2, size=160)[2 * person]
    frames = demo.render(plan, times=np.linspace(0, plan.seconds, 16))
    return [np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8) for frame in frames]


def face(number: int) -> Grey:
    return film(number // 16 % PEOPLE)[number % 16]


def small_face(number: int) -> Grey:
    """Its middle on 48 × 48 px."""
    middle = face(number)[22:142, 20:140]
    return np.asarray(cv2.resize(middle, (48, 48), interpolation=cv2.INTER_AREA), np.uint8)


# Settings with which frame models of pictures learn within a moment.
QUICK: dict[str, dict[str, Any]] = {
    "dexpression": {"train__epochs": 1, "train__batch": 8},
    "scn": {
        "train__epochs": 2,
        "train__batch": 16,
        "scn__width": 4,
        "scn__relabel_from": 0.0,
        "scn__doubt": 0.0,
    },
}


def made(root: Path, dataset: str) -> Workspace:
    workspace = Workspace.make(root)
    tiny = {name: value for name, value in TINY.items() if not name.startswith(("data", "window"))}
    workspace.set(**tiny, dataset=dataset)
    return workspace


def run(workspace: Workspace, *stages: str) -> None:
    for stage in stages:
        done = workspace.stage(stage, DUCHENNE_ENGINE="inline")
        assert done.returncode == 0, f"{stage}: {done.stdout}"


def drawn(workspace: Workspace, picture: str) -> list[dict[str, str]]:
    path = workspace.root / f"metrics/plots/{picture}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def report(workspace: Workspace, path: str) -> dict[str, Any]:
    found = json.loads((workspace.root / path).read_text())
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def ckplus(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Four people who show seven expressions each, after all stages."""
    workspace = made(tmp_path_factory.mktemp("ckplus"), "ckplus")
    workspace.set(datasets__ckplus__peaks=1, folds__count=2)
    for person in range(4):
        for label in range(8):
            write_sequence(
                workspace.root / "data/raw/ckplus", f"S{person:03d}", f"{label:03d}",
                label=label or None, pictures=2, draw=face, first=16 * person + 2 * label,
            )  # fmt: skip
    run(workspace, *STAGES)
    return workspace


@pytest.fixture(scope="module")
def fer2013(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small table in the official parts, after all stages: one row of it is broken, and one
    picture of the training part is tested, too."""
    workspace = made(tmp_path_factory.mktemp("fer2013"), "fer2013")
    parts = [usage for usage, count in zip(USAGES.values(), (3, 1, 2), strict=True)
             for _ in range(7 * count)]  # fmt: skip
    rows = [row(at % 7, small_face(at), usage) for at, usage in enumerate(parts)]
    rows[7] = f"0,1 2 3,{parts[7]}"
    rows[9] = row(2, np.full((48, 48), 90, np.uint8), parts[9])  # no face to be found
    rows[-2] = row(5, small_face(0), parts[-2])
    rows[-4] = row(3, np.full((48, 48), 80, np.uint8), parts[-4])  # nor here, in the test part
    write_table(workspace.root / "data/raw/fer2013/fer2013/fer2013.csv", rows)
    run(workspace, *STAGES)
    return workspace


@pytest.mark.parametrize("dataset", ["ckplus", "fer2013"])
def test_every_class_gets_a_probability_and_a_share_in_the_scores(
    dataset: str, request: pytest.FixtureRequest
):
    workspace: Workspace = request.getfixturevalue(dataset)
    rows = parquet.read(PREDICTIONS, workspace.root / "data/predictions.parquet")
    given = np.column_stack([rows[f"p_{k}"].to_numpy() for k in range(7)])
    assert "p_7" not in rows.column_names
    assert given.sum(axis=1) == pytest.approx(1.0)
    pooled = report(workspace, "data/reports/scores.json")["pooled"]
    assert {"accuracy", "balanced_accuracy", "f1", "auc", "brier"} <= set(pooled)
    assert report(workspace, "data/reports/audit.json")["verdict"] is True


@pytest.mark.parametrize("dataset", ["ckplus", "fer2013"])
def test_pictures_name_the_classes_and_leave_out_what_two_alone_have(
    dataset: str, request: pytest.FixtureRequest
):
    workspace: Workspace = request.getfixturevalue(dataset)
    names = CLASSES if dataset == "ckplus" else FER_CLASSES
    confusion = drawn(workspace, "confusion")
    assert {pair["actual"] for pair in confusion} == set(names)
    assert {pair["predicted"] for pair in confusion} <= set(names)
    assert len(confusion) == report(workspace, "metrics/summary.json")["clips"]
    assert drawn(workspace, "roc") == drawn(workspace, "smiles") == []
    assert drawn(workspace, "calibration")


@pytest.mark.parametrize("dataset", ["ckplus", "fer2013"])
def test_photographs_have_no_markers_which_is_no_failure(
    dataset: str, request: pytest.FixtureRequest
):
    workspace: Workspace = request.getfixturevalue(dataset)
    found = Counter(workspace.statuses("dmarkers").values())
    assert found.pop(("ok", "not_applicable")) >= 28
    unread = {("failed", "not_pixels"): 1, ("failed", "no_face"): 2}
    assert found == (unread if dataset == "fer2013" else {})
    assert parquet.read(DMARKERS, workspace.root / "data/dmarkers.parquet").num_rows == 0


def test_the_peaks_of_labelled_sequences_are_split_by_person(ckplus: Workspace):
    facts = report(ckplus, "data/reports/dataset.json")
    assert facts["classes"] == dict.fromkeys(CLASSES, 4)
    assert (facts["sequences"], facts["sequences_without_label"]) == (28, 4)
    assert facts["subjects_with_all_classes"] == 4
    folds = parquet.read(FOLDS, ckplus.root / "data/folds.parquet").to_pylist()
    clips = parquet.read(CLIPS, ckplus.root / "data/clips.parquet").to_pylist()
    people = {clip["clip"]: clip["subject"] for clip in clips}
    for fold in ("1", "2"):
        roles = {(people[r["clip"]], r["role"]) for r in folds if r["fold"] == fold}
        assert len(roles) == 4, "each person has one role"


def test_small_faces_are_found_and_used(fer2013: Workspace):
    quality = parquet.read(QUALITY, fer2013.root / "data/quality.parquet").to_pylist()
    assert sum(row["used"] for row in quality) == 39
    assert min(row["size"] for row in quality if row["used"]) < 40


def test_a_row_without_a_picture_is_a_clip_with_a_reason(fer2013: Workspace):
    failed = [why for how, why in fer2013.statuses("decode").values() if how == "failed"]
    assert failed == ["not_pixels"]


def test_the_official_split_is_kept_and_what_it_shares_is_counted(fer2013: Workspace):
    folds = parquet.read(FOLDS, fer2013.root / "data/folds.parquet").to_pylist()
    assert {row["fold"] for row in folds} == {"official"}
    assert Counter(row["role"] for row in folds) == {"train": 19, "val": 7, "test": 13}
    facts = report(fer2013, "data/reports/dataset.json")
    assert facts["parts"] == {"train": 21, "val": 7, "test": 14}
    repeated = facts["repeated_pictures"]
    assert (repeated["in_train_and_test"], repeated["under_several_labels"]) == (1, 1)
    assert "cannot be checked" in str(facts["remarks"])
    assert "cannot be checked" in report(fer2013, "data/reports/folds.json")["warnings"][0]
    assert report(fer2013, "data/reports/audit.json")["clips_of_unknown_subjects"] == 13


def test_an_official_test_is_scored_whole_and_without_what_the_model_cannot_see(
    fer2013: Workspace,
):
    scores = report(fer2013, "data/reports/scores.json")
    tested = parquet.read(PREDICTIONS, fer2013.root / "data/predictions.parquet").to_pylist()
    right = [max(range(7), key=lambda k: row[f"p_{k}"]) == row["label"]
             for row in tested if row["role"] == "test"]  # fmt: skip
    assert (scores["clips"], len(right), scores["unseen"]["clips"]) == (14, 13, 1)
    assert scores["unseen"]["without"]["accuracy"] == pytest.approx(sum(right) / 13, abs=1e-6)
    assert scores["pooled"]["accuracy"] == pytest.approx(sum(right) / 14, abs=1e-6)


def test_status_shows_a_set_of_seven_classes(ckplus: Workspace):
    done = ckplus.run(sys.executable, "-m", "duchenne.cli.main", "status")
    assert done.returncode == 0, done.stdout
    assert "28 not_applicable" in done.stdout
    assert "4 anger, 4 contempt" in done.stdout
    assert "balanced accuracy" in done.stdout


def test_markers_of_photographs_are_refused_before_anything_runs(ckplus: Workspace):
    ckplus.set(fusion="concat")
    done = ckplus.stage("check")
    ckplus.set(fusion="none")
    assert done.returncode == 1
    assert "ckplus holds photographs, and fusion: concat (use fusion: none) needs" in done.stdout
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("dataset", "model"), [("ckplus", "dexpression"), ("ckplus", "scn"), ("fer2013", "scn")]
)
def test_frame_models_learn_seven_classes_of_photographs(
    dataset: str, model: str, request: pytest.FixtureRequest
):
    workspace: Workspace = request.getfixturevalue(dataset)
    workspace.set(model=model, **QUICK[model])
    run(workspace, "check", *AFTER_QUALITY)
    rows = parquet.read(PREDICTIONS, workspace.root / "data/predictions.parquet")
    tested = [row for row in rows.to_pylist() if row["role"] == "test"]
    assert all(sum(row[f"p_{k}"] for k in range(7)) == pytest.approx(1.0) for row in tested)
    scores = report(workspace, "data/reports/scores.json")
    assert {"accuracy", "f1", "balanced_accuracy"} <= set(scores["pooled"])
    assert "probes" not in scores, "photographs have neither a length nor a resting face"
    assert len(drawn(workspace, "confusion")) == len(tested)
    assert {row["part"] for row in drawn(workspace, "training")} == {"train", "val"}
    assert report(workspace, "data/reports/audit.json")["verdict"] is True
    if dataset == "fer2013":
        assert len(tested) == scores["clips"] == 14, (
            "what no face was found in is looked at as it is"
        )
    if dataset == "ckplus":
        clips = parquet.read(CLIPS, workspace.root / "data/clips.parquet").to_pylist()
        people = {clip["clip"]: clip["subject"] for clip in clips}
        for path in sorted((workspace.root / "models/folds").glob("*/model.json")):
            taught = set(json.loads(path.read_text())["fitted"]["weights"])
            fold = [row for row in tested if row["fold"] == path.parent.name]
            assert not taught & {people[row["clip"]] for row in fold}, "no frame of theirs is seen"
    if model == "scn":
        for path in sorted((workspace.root / "models/folds").glob("*/model.json")):
            own = {row["clip"] for row in tested if row["fold"] == path.parent.name}
            doubted = json.loads(path.read_text())["doubted"].keys()
            assert doubted
            assert not doubted & own, "only labels that were learnt from"
    workspace.set(model="mesh")


def test_a_picture_without_landmarks_is_left_out_or_taken_as_the_model_needs(fer2013: Workspace):
    def used() -> int:
        quality = parquet.read(QUALITY, fer2013.root / "data/quality.parquet")
        return int(sum(quality["used"].to_pylist()))

    faceless, _ = [u for u, s in fer2013.statuses("normalize").items() if s[1] == "no_face"]
    fer2013.set(model="scn", **QUICK["scn"])
    run(fer2013, "quality", "crops")
    with_it = used()
    chips = read_crops(fer2013.root / f"data/crops/{faceless}.parquet")
    assert (chips.seen.tolist(), chips.aligned.tolist()) == ([True], [False])
    assert np.isnan(chips.points).all()
    fer2013.set(quality__min_size=1000.0)
    run(fer2013, "quality")
    assert used() == with_it, "small faces too are looked at as they are"
    fer2013.set(model="dexpression", quality__min_size="auto")
    run(fer2013, "quality", "crops")
    assert used() == with_it - 2
    assert not (fer2013.root / f"data/crops/{faceless}.parquet").exists()
    fer2013.set(model="mesh")
