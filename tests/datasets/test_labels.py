"""Published folds as files: what is read, what is passed over, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest

from duchenne.datasets import labels
from duchenne.datasets.clip import Found
from duchenne.errors import DatasetError
from tests.make import smile_sets
from tests.make.smile_sets import Clip

CLIPS = [Clip(name, name[0], at % 2) for at, name in enumerate(("a1", "a2", "b1", "b2"))]
TESTS = {"1": CLIPS[:2], "2": CLIPS[2:]}
GOOD = '{"a1": 0}'


def test_a_set_without_published_folds_has_none(tmp_path: Path):
    assert labels.read(tmp_path) == []
    (tmp_path / "labels").touch()
    assert labels.read(tmp_path) == []


def test_folds_are_read_and_stray_files_are_not(tmp_path: Path):
    smile_sets.write_labels(tmp_path, TESTS)
    (tmp_path / "labels/.DS_Store").touch()
    (tmp_path / "labels/readme.json").touch()
    (tmp_path / "labels/1/notes.json").touch()
    (tmp_path / "labels/S005/001").mkdir(parents=True)
    shutil.copytree(tmp_path / "labels/1", tmp_path / "labels/.ipynb_checkpoints")
    one, two = labels.read(tmp_path)
    assert (one.name, two.name) == ("1", "2")
    assert one.test == two.train == (("a1", 0), ("a2", 1))
    assert one.train == two.test == (("b1", 0), ("b2", 1))


def test_a_clip_that_stands_twice_in_a_file_is_not_hidden(tmp_path: Path):
    smile_sets.write_labels(tmp_path, TESTS)
    (tmp_path / "labels/1/test.json").write_text('{"a1": 0, "a1": 1}')
    assert labels.read(tmp_path)[0].test == (("a1", 0), ("a1", 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1/test.json: the file has no bytes"),
        ("{", "1/test.json: Expecting property name"),
        ("\udcff", "1/test.json: 'utf-8' codec"),
        ("[]", '1/test.json: not a map such as {"001_deliberate_smile_2": 0}'),
        ('["a1", 0]', "1/test.json: not a map"),
        ('{"a1": {"label": 0}}', "1/test.json: labels other than 0 and 1: a1"),
        ('{"a1": 2, "a2": true, "b1": "0", "b2": 0.0, "c": 1}', "0 and 1: a1, a2, b1, b2"),
        ("[" * 100_000, "1/test.json: maximum recursion depth"),
        (f'{{"a1": {"9" * 5000}}}', "1/test.json: Exceeds the limit"),
        (f"{GOOD}{' ' * 10_000_000}", "1/test.json: larger than 10 MB"),
    ],
)
def test_a_file_that_is_no_part_of_a_fold_is_refused_in_one_line(
    text: str, says: str, tmp_path: Path
):
    smile_sets.write_labels(tmp_path, TESTS)
    (tmp_path / "labels/1/test.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DatasetError) as refusal:
        labels.read(tmp_path)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert str(tmp_path / "labels") in str(refusal.value)


def test_every_broken_file_is_named_at_once(tmp_path: Path):
    smile_sets.write_labels(tmp_path, TESTS)
    (tmp_path / "labels/1/test.json").write_text("{")
    (tmp_path / "labels/2/train.json").unlink()
    with pytest.raises(DatasetError, match=r"1/test\.json: .*; 2/train\.json: there is no such"):
        labels.read(tmp_path)


def test_each_clip_gets_the_fold_that_tests_it(tmp_path: Path):
    folds = labels.read(smile_sets.write_labels(tmp_path, TESTS))
    places = ("a1.mp4", "x/b2.mp4.npy", "c1.mp4")
    clips = [Found(place, "p", 0, "posed", role="train") for place in places]
    found = labels.with_folds(clips, folds)
    assert [(clip.fold, clip.role) for clip in found] == [("1", None), ("2", None), (None, None)]
    assert labels.with_folds(clips, []) == clips


def test_labels_are_those_of_all_parts(tmp_path: Path):
    smile_sets.write_labels(tmp_path, TESTS)
    (tmp_path / "labels/2/test.json").write_text(json.dumps({"z": 1}))
    found = labels.label_of(labels.read(tmp_path))
    assert found == {"a1": 0, "a2": 1, "b1": 0, "b2": 1, "z": 1}
