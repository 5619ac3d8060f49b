"""Published folds that hold, and every planted fault in them by name."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from duchenne.datasets import labels
from duchenne.datasets.clip import Found
from duchenne.datasets.labels import problems
from tests.make import smile_sets
from tests.make.smile_sets import Clip

UVA = smile_sets.uva_nemo()
TESTS = smile_sets.parts(UVA, 10)
ONE, TWO = TESTS["1"][0], TESTS["2"][0]
Fault = Callable[[Path], None]
NOTHING: Mapping[str, int] = {}


def found(clip: Clip) -> Found:
    return Found(f"{clip.ident}.mp4", clip.subject, clip.label, str(clip.label))


def change(
    folder: Path, fold: str, part: str, more: Mapping[str, int] = NOTHING, *, without: str = ""
) -> None:
    """A part with further clips, and without one."""
    path = folder / "labels" / fold / f"{part}.json"
    held = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in held.items() if k != without} | dict(more)))


def overlap(folder: Path) -> None:
    """One smile of somebody whom fold 1 tests goes over to fold 2, in all files."""
    change(folder, "1", "test", without=ONE.ident)
    change(folder, "1", "train", {ONE.ident: ONE.label})
    change(folder, "2", "train", without=ONE.ident)
    change(folder, "2", "test", {ONE.ident: ONE.label})


def tested_twice(folder: Path) -> None:
    change(folder, "2", "train", without=ONE.ident)
    change(folder, "2", "test", {ONE.ident: ONE.label})


def never_tested(folder: Path) -> None:
    change(folder, "1", "test", without=ONE.ident)
    change(folder, "1", "train", {ONE.ident: ONE.label})


def on_both_sides(folder: Path) -> None:
    change(folder, "1", "train", {ONE.ident: ONE.label})


def left_out(folder: Path) -> None:
    change(folder, "3", "train", without=ONE.ident)
    change(folder, "4", "train", without=ONE.ident)


def listed_twice(folder: Path) -> None:
    path = folder / "labels/3/train.json"
    entry = f'"{ONE.ident}": {ONE.label}'
    path.write_text(path.read_text().replace("{", f"{{{entry}, ", 1))


def two_labels(folder: Path) -> None:
    change(folder, "3", "train", {ONE.ident: 1 - ONE.label})


def another_label(folder: Path) -> None:
    for fold in TESTS:
        change(folder, fold, "test" if fold == "1" else "train", {ONE.ident: 1 - ONE.label})


FAULTS: dict[Fault, list[str]] = {
    overlap: [
        f"subjects in train and test of one fold: {ONE.subject} in fold 1 (train {ONE.ident}; ",
        f"{ONE.subject} in fold 2 (train ",
        f"; test {ONE.ident})",
    ],
    tested_twice: [f"tested by more than one fold: {ONE.ident} (fold 1, 2)"],
    never_tested: [f"tested by no fold: {ONE.ident}"],
    on_both_sides: [f"in train and test of one fold: {ONE.ident} (fold 1)"],
    left_out: [f"in neither train nor test of a fold: {ONE.ident} (fold 3, 4)"],
    listed_twice: [f"listed twice in one file: {ONE.ident} in train of fold 3"],
    two_labels: [
        f"two labels: {ONE.ident} ({ONE.label} in test of fold 1, "
        f"{1 - ONE.label} in train of fold 3)"
    ],
    another_label: [
        f"another label than the name says: {ONE.ident} ({1 - ONE.label} in test of fold 1, "
        f"{ONE.label} by its name)"
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return smile_sets.write_labels(tmp_path, TESTS)


def told(folder: Path) -> list[str]:
    return problems(labels.read(folder), [found(clip) for clip in UVA])


def test_folds_of_whole_subjects_are_accepted(folder: Path):
    assert told(folder) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_planted_fault_is_named(folder: Path, fault: Fault):
    fault(folder)
    says = "; ".join(told(folder))
    for words in FAULTS[fault]:
        assert words in says


def test_faults_are_named_all_at_once(folder: Path):
    overlap(folder)
    left_out(folder)
    change(folder, "5", "train", {TWO.ident: 1 - TWO.label})
    says = "; ".join(told(folder))
    for word in ("subjects in train and test", "in neither train", "two labels"):
        assert word in says


def test_clips_that_are_not_there_are_checked_too(folder: Path):
    """By what the files say of them, which is all that is known."""
    tested_twice(folder)
    assert problems(labels.read(folder), []) == [
        f"tested by more than one fold: {ONE.ident} (fold 1, 2)",
    ]


@pytest.mark.parametrize(
    ("clips", "count"), [(smile_sets.spos(), 7), (smile_sets.bbc(), 10), (smile_sets.mmi(), 9)]
)
def test_the_other_sets_are_accepted_as_well(clips: list[Clip], count: int, tmp_path: Path):
    smile_sets.write_labels(tmp_path, smile_sets.parts(clips, count))
    folds = labels.read(tmp_path)
    assert len(folds) == count
    assert problems(folds, [found(clip) for clip in clips]) == []
