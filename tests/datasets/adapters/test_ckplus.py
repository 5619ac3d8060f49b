"""CK+ as its owner hands it out, and as crops in folders named by class."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from duchenne.config.datasets import CkPlusDataset
from duchenne.datasets import listing
from duchenne.datasets.adapters import ckplus
from duchenne.datasets.adapters.ckplus import CLASSES, Place, sequence_of
from duchenne.datasets.clip import Found, names_of
from duchenne.datasets.splits.case import Case
from duchenne.datasets.splits.check import check
from duchenne.datasets.splits.schemes import stratified
from duchenne.errors import DatasetError
from tests.make.expressions import noise, write_sequence

# The owner's folders, wherever they lie, and those of a published network.
LAYOUTS = [
    ("cohn-kanade-images", "Emotion"),
    ("images", "labels"),
    ("CK+/a b/images", "CK+/Emotion"),
]


def find(root: Path, *, peaks: int = 3, neutral: bool = False) -> list[Found]:
    return ckplus.find(root, CkPlusDataset(adapter="ckplus", peaks=peaks, neutral=neutral))


def small_set(root: Path, *, people: int = 3) -> Path:
    """Two labelled sequences of each person, and one without a label."""
    for person in range(people):
        for sequence, label in ((1, 1 + person), (2, 7), (3, None)):
            write_sequence(root, f"S{person:03d}", f"{sequence:03d}", label=label, pictures=5)
    return root


def numbers(clips: list[Found]) -> list[int]:
    return [int(Path(clip.place).stem[-8:]) for clip in clips]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_last_pictures_of_a_sequence_carry_its_class(tmp_path: Path, layout: tuple[str, str]):
    write_sequence(tmp_path, "S005", "001", label=3, pictures=12, folders=layout)
    clips = find(tmp_path)
    assert numbers(clips) == [10, 11, 12]
    assert {(c.subject, c.label, c.label_name, c.kind) for c in clips} == {
        ("S005", 2, "disgust", "image")
    }


@pytest.mark.parametrize("label", range(1, 8))
def test_the_seven_numbers_are_seven_words(tmp_path: Path, label: int):
    write_sequence(tmp_path, "S005", "001", label=label)
    assert {(c.label, c.label_name) for c in find(tmp_path)} == {(label - 1, CLASSES[label - 1])}


def test_the_first_picture_is_neutral_where_that_is_asked_for(tmp_path: Path):
    write_sequence(tmp_path, "S005", "001", label=7, pictures=6)
    clips = find(tmp_path, peaks=2, neutral=True)
    assert numbers(clips) == [1, 5, 6]
    assert [(c.label, c.label_name) for c in clips] == [(7, "neutral")] + [(6, "surprise")] * 2


def test_a_picture_never_has_two_classes(tmp_path: Path):
    write_sequence(tmp_path, "S005", "001", label=7, pictures=2)
    assert [clip.label for clip in find(tmp_path, peaks=5, neutral=True)] == [6, 6]


def test_sequences_without_a_label_are_left_out_and_counted(tmp_path: Path):
    clips = find(small_set(tmp_path))
    assert {sequence_of(clip.place) for clip in clips} == {
        Place(f"S{person:03d}", f"{sequence:03d}") for person in range(3) for sequence in (1, 2)
    }
    found = ckplus.notes(tmp_path, clips)
    assert (found["sequences"], found["sequences_without_label"]) == (6, 3)
    assert found["remarks"] == [
        "6 labelled sequences, and 327 are published",
        "3 subjects, and 118 are published",
    ]


def test_no_fold_parts_the_pictures_of_a_sequence(tmp_path: Path):
    clips = find(small_set(tmp_path, people=6))
    names = names_of(clips)
    cases = [Case(n, clip.subject, clip.label) for n, clip in zip(names, clips, strict=True)]
    rows = stratified(cases, folds=3, val=0.2, seed=0)
    check(rows, cases)
    sequence = {n: sequence_of(clip.place) for n, clip in zip(names, clips, strict=True)}
    roles = {(row.fold, sequence[row.clip], row.role) for row in rows}
    assert len(roles) == len({(fold, place) for fold, place, _ in roles})
    assert Counter(row.fold for row in rows) == dict.fromkeys("123", len(clips))


def test_names_are_bearable_and_distinct_in_the_owners_deep_folders(tmp_path: Path):
    deep = "extended-cohn-kanade-images/cohn-kanade-images/and so on/and on and on and on and on"
    for sequence in ("001", "002"):
        write_sequence(tmp_path, "S005", sequence, label=1, folders=(deep, "Emotion"))
    clips = find(tmp_path)
    listing.check(clips, tmp_path)
    assert all(name.startswith("S005_00") for name in names_of(clips))


def test_hidden_files_are_no_pictures(tmp_path: Path):
    write_sequence(tmp_path, "S005", "001", label=1)
    images = tmp_path / "cohn-kanade-images/S005/001"
    (images / "._S005_001_00000099.png").touch()
    (images / ".DS_Store").touch()
    assert numbers(find(tmp_path)) == [2, 3, 4]


def two_labels(root: Path) -> None:
    labels = root / "Emotion/S000/001"
    (labels / "S000_001_00000001_emotion.txt").write_text("1.0")


def wrong_numbers(root: Path) -> None:
    for sequence, text in (("001", "8.0"), ("002", "happy")):
        next((root / f"Emotion/S000/{sequence}").iterdir()).write_text(text)


def no_pictures(root: Path) -> None:
    shutil.rmtree(root / "cohn-kanade-images/S000/001")
    shutil.rmtree(root / "cohn-kanade-images/S001/002")


def two_copies(root: Path) -> None:
    shutil.copytree(root / "cohn-kanade-images", root / "copy")


def no_labels(root: Path) -> None:
    shutil.rmtree(root / "Emotion")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (two_labels, r"two labels for one sequence: .*S000_001_00000001.* and .*S000_001_00000005"),
        (wrong_numbers, r"no number from 1 to 7: .*S000/001/.*, .*S000/002/"),
        (no_pictures, r"labels of sequences without pictures: S000/001, S001/002"),
        (two_copies, r"one sequence with one number: .*S000_001_00000001\.png and copy/"),
        (no_labels, r"neither have a label file .* nor lie in a folder .*S000_001_00000001\.png"),
        (shutil.rmtree, "no CK.* is there; expected"),
    ],
)
def test_every_problem_of_the_list_is_named(tmp_path: Path, harm, says: str):
    root = small_set(tmp_path / "set")
    harm(root)
    with pytest.raises(DatasetError, match=says) as refusal:
        find(root)
    assert "\n" not in str(refusal.value)


def crops(root: Path, **folders: int) -> Path:
    """So many crops in each folder, all of one person's first sequence of that folder."""
    for number, (name, count) in enumerate(folders.items()):
        (root / "CK+48" / name).mkdir(parents=True)
        for at in range(count):
            file = root / f"CK+48/{name}/S{number:03d}_001_{at:08d}.png"
            Image.fromarray(noise(10 * number + at)).save(file)
    return root


def test_crops_lie_in_folders_named_by_class_in_any_case(tmp_path: Path):
    clips = find(crops(tmp_path, ANGER=3, happy=3, Surprise=2, contempt=1))
    assert Counter((c.label, c.label_name, c.subject) for c in clips) == {
        (0, "anger", "S000"): 3,
        (4, "happiness", "S001"): 3,
        (6, "surprise", "S002"): 2,
        (1, "contempt", "S003"): 1,
    }


@pytest.mark.parametrize(("neutral", "classes"), [(False, {0}), (True, {0, 7})])
def test_neutral_crops_are_used_where_they_are_asked_for(tmp_path: Path, neutral, classes):
    clips = find(crops(tmp_path, anger=3, neutral=2), neutral=neutral)
    assert {clip.label for clip in clips} == classes


def test_crops_that_do_not_fit_are_named_all_at_once(tmp_path: Path):
    crops(tmp_path, anger=1, bored=1)
    (tmp_path / "CK+48/anger/me.png").touch()
    shutil.copy(tmp_path / "CK+48/anger/S000_001_00000000.png", tmp_path / "CK+48/bored")
    with pytest.raises(DatasetError) as refusal:
        find(tmp_path)
    for name in ("bored/S001_001_00000000.png", "anger/me.png", "one picture in two places"):
        assert name in str(refusal.value)
