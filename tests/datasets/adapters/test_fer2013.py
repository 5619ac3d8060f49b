"""FER2013 as one table of pixels and as folders of pictures; the official split of both."""

import hashlib
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from duchenne.config.datasets import Fer2013Dataset
from duchenne.datasets import listing
from duchenne.datasets.adapters import fer2013
from duchenne.datasets.adapters.fer2013 import CLASSES
from duchenne.datasets.clip import Found, names_of
from duchenne.errors import DatasetError, Unusable
from duchenne.media.still import LONGEST, read_pixels
from tests.make.clips import decoded
from tests.make.expressions import USAGES, noise, row, write_parts, write_table


def find(root: Path) -> list[Found]:
    return fer2013.find(root, Fer2013Dataset(adapter="fer2013"))


def rows(count: int = 21) -> list[str]:
    usages = [*USAGES.values()]
    return [row(n % 7, noise(n), usages[n // 7 % 3]) for n in range(count)]


def table_of(root: Path, found: list[Found]) -> pa.Table:
    return listing.table(found, listing.measure(found, root), root=root, folder=root)


def test_a_row_is_a_clip_with_its_class_and_its_part(tmp_path: Path):
    write_table(tmp_path / "fer2013.csv", rows())
    clips = find(tmp_path)
    assert [clip.label_name for clip in clips] == [*CLASSES] * 3
    assert [clip.role for clip in clips] == ["train"] * 7 + ["val"] * 7 + ["test"] * 7
    assert {(clip.fold, clip.kind) for clip in clips} == {("official", "pixels")}
    assert len({clip.subject for clip in clips}) == 21, "nobody knows who is on them"
    listing.check(clips, tmp_path)


@pytest.mark.parametrize(
    ("header", "order", "end"),
    [
        ("emotion,pixels,Usage", (0, 1, 2), "\n"),
        ("emotion, Usage, pixels", (0, 2, 1), "\n"),
        ("\ufeffUsage,emotion,pixels", (2, 0, 1), "\r\n"),
    ],
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_place_names_exactly_the_bytes_of_the_pixels(tmp_path, header, order, end, quote):
    lines = [header]
    for text in rows(3):
        cells = text.split(",")
        cells[1] = f"{quote}{cells[1]}{quote}"
        lines.append(",".join(cells[at] for at in order))
    (tmp_path / "fer2013.csv").write_text(end.join([*lines, "", ""]), newline="")
    clips = find(tmp_path)
    assert len(clips) == 3
    for number, clip in enumerate(clips):
        picture, facts = read_pixels(tmp_path / clip.place, sha256=clip.sha256, quality=100)
        seen = decoded(picture.jpeg)[:, :, 0].astype(int)
        assert np.abs(seen - noise(number).astype(int)).max() <= 3
        assert (facts.width, facts.height, facts.still) == (48, 48, True)


def test_the_digest_is_that_of_the_pixels_and_is_taken_while_the_table_is_read(tmp_path: Path):
    write_table(tmp_path / "fer2013.csv", rows(2))
    found = find(tmp_path)
    (tmp_path / "fer2013.csv").unlink()
    one, other = table_of(tmp_path, found).to_pylist()
    pixels = rows(2)[0].split(",")[1].encode()
    assert one["sha256"] == hashlib.sha256(pixels).hexdigest()
    assert one["bytes"] == len(pixels)
    assert (one["reason"], other["reason"]) == ("", "")


def test_names_say_where_in_the_table_a_picture_stands(tmp_path: Path):
    write_table(tmp_path / "fer2013.csv", rows(2))
    names = names_of(find(tmp_path))
    first = len("emotion,pixels,Usage\n0,")
    assert names == ["fer2013_000000023", f"fer2013_{first + len(rows(1)[0]) + 1:09d}"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("7,1 2 3,Training", "00003"),
        ("-1,1 2 3,Training", "00003"),
        ("happy,1 2 3,Training", "00003"),
        ("3,1 2 3,Testing it", "00003"),
        ("3,1 2 3", "00003"),
    ],
)
def test_rows_of_no_class_or_part_are_named_all_at_once(tmp_path: Path, bad: str, says: str):
    first, *rest = rows(4)
    write_table(tmp_path / "fer2013.csv", [first, bad, *rest, bad])
    with pytest.raises(DatasetError, match=rf"lines without an emotion .*: {says}, 00007$"):
        find(tmp_path)


def test_what_is_no_such_table_is_refused(tmp_path: Path):
    write_table(tmp_path / "fer2013.csv", rows(2), header="label,pixels,Usage")
    with pytest.raises(DatasetError, match="needs the columns emotion in its first line"):
        find(tmp_path)
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n0," + "1 " * LONGEST)
    with pytest.raises(DatasetError, match="line 2 is too long"):
        find(tmp_path)
    (tmp_path / "fer2013.csv").write_text("")
    with pytest.raises(DatasetError, match="no bytes"):
        find(tmp_path)


def test_two_tables_or_nothing_are_refused(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"no FER2013 is there; expected fer2013\.csv"):
        find(tmp_path)
    write_table(tmp_path / "a/fer2013.csv", rows(1))
    write_table(tmp_path / "b/FER2013.csv", rows(1))
    with pytest.raises(DatasetError, match=r"several: a/fer2013\.csv, b/FER2013\.csv"):
        find(tmp_path)


def reason_of(path: Path, text: str) -> str:
    file = path / "fer2013.csv"
    file.write_text(text)
    with pytest.raises(Unusable) as caught:
        read_pixels(path / f"fer2013.csv#0-{len(text)}")
    return caught.value.reason


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3",
        " ".join(["12"] * (48 * 48 + 1)),
        " ".join(["256"] * 48 * 48),
        " ".join(["-1"] * 48 * 48),
        " ".join(["1.5"] * 48 * 48),
        " ".join(["x"] * 48 * 48),
        "9" * 5000,
        "",
    ],
    ids=["few", "many", "too bright", "negative", "fractions", "words", "one long", "empty"],
)
def test_pixels_that_are_no_picture_have_a_reason(tmp_path: Path, text: str):
    assert reason_of(tmp_path, text or " ") == "not_pixels"


def test_bytes_that_changed_after_they_were_listed(tmp_path: Path):
    write_table(tmp_path / "fer2013.csv", rows(2))
    clip = find(tmp_path)[0]
    write_table(tmp_path / "fer2013.csv", rows(3)[1:])
    with pytest.raises(Unusable, match="changed"):
        read_pixels(tmp_path / clip.place, sha256=clip.sha256)


def test_a_part_larger_than_any_picture_is_not_read(tmp_path: Path):
    (tmp_path / "fer2013.csv").write_text("1")
    with pytest.raises(Unusable, match="too_large"):
        read_pixels(tmp_path / f"fer2013.csv#0-{LONGEST + 1}")


def test_repeated_pictures_are_counted_whatever_their_row_says(tmp_path: Path):
    same = [row(0, noise(0), "Training"), row(0, noise(0), "Training"),
            row(3, noise(0), "PrivateTest"), row(1, noise(1), "PublicTest"),
            row(1, noise(1), "PrivateTest"), row(2, noise(2), "Training"),
            row(2, noise(2), "PublicTest")]  # fmt: skip
    write_table(tmp_path / "fer2013.csv", same)
    clips = table_of(tmp_path, find(tmp_path))
    listing.check_contents(clips, tmp_path)
    assert listing.summary(clips, dataset="fer2013")["repeated_pictures"] == {
        "contents": 3,
        "clips": 7,
        "in_train_and_test": 1,
        "under_several_labels": 1,
    }


def test_folders_named_by_part_and_class(tmp_path: Path):
    parts = ("train", "Test", "validation")
    write_parts(tmp_path / "any", parts, [*CLASSES[:6], "Neutral"], each=2)
    (tmp_path / "any/train/angry/.DS_Store").touch()
    clips = find(tmp_path)
    assert Counter(clip.role for clip in clips) == {"train": 14, "test": 14, "val": 14}
    assert Counter(clip.label for clip in clips) == dict.fromkeys(range(7), 6)
    assert {(clip.fold, clip.kind) for clip in clips} == {("official", "image")}
    assert len({clip.subject for clip in clips}) == 42


def test_other_spellings_of_the_classes(tmp_path: Path):
    write_parts(tmp_path, ["train"], ["disgusted", "fearful", "surprised", "happiness"])
    assert sorted(clip.label for clip in find(tmp_path)) == [1, 2, 3, 5]


def test_pictures_elsewhere_are_named(tmp_path: Path):
    write_parts(tmp_path, ["train", "demo"], ["angry", "bored"])
    with pytest.raises(DatasetError, match=r"demo/angry/0\.jpg, .*demo/bored/0.*, train/bored/0"):
        find(tmp_path)


def test_both_tests_in_one_folder_are_told_apart_by_the_names(tmp_path: Path):
    write_parts(tmp_path, ["train", "test"], ["angry"])
    for name in ("PublicTest_77242684.jpg", "PrivateTest_10131363.jpg"):
        shutil.copy(tmp_path / "test/angry/0.jpg", tmp_path / "test/angry" / name)
    roles = {clip.place: clip.role for clip in find(tmp_path)}
    assert roles == {
        "test/angry/0.jpg": "test",
        "test/angry/PrivateTest_10131363.jpg": "test",
        "test/angry/PublicTest_77242684.jpg": "val",
        "train/angry/0.jpg": "train",
    }


def test_the_report_says_what_cannot_be_checked_and_how_large_the_parts_are(tmp_path: Path):
    write_parts(tmp_path, ["train", "test"], ["angry"])
    found = fer2013.notes(tmp_path, find(tmp_path))
    assert found["parts"] == {"train": 1, "val": 0, "test": 1}
    assert "that no person is in two parts cannot be checked" in found["remarks"][0]
    assert found["remarks"][1:] == [
        "train: 1 pictures, and 28709 are published",
        "val: 0 pictures, and 3589 are published",
        "test: 1 pictures, and 3589 are published",
    ]
