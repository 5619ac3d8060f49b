"""Who is who in a set: one person under two spellings, and subjects.csv against the clips."""

from pathlib import Path
from typing import Any

import pytest

from duchenne.config.datasets import (
    CkPlusDataset,
    Dataset,
    Fer2013Dataset,
    FolderDataset,
    SmileDataset,
    SposDataset,
)
from duchenne.datasets.adapters import ADAPTERS
from duchenne.datasets.clip import Found
from duchenne.errors import DatasetError
from tests.make import smile_sets
from tests.make.smile_sets import Clip

SETTINGS: dict[str, Dataset] = {
    "ckplus": CkPlusDataset(adapter="ckplus", peaks=1),
    "fer2013": Fer2013Dataset(adapter="fer2013"),
    "folder": FolderDataset(adapter="folder"),
    "mmi": SmileDataset(adapter="mmi"),
    "spos": SposDataset(adapter="spos"),
    "uva-nemo": SmileDataset(adapter="uva-nemo"),
}
NFC, NFD = "Jos\u00e9", "Jose\u0301"


def make(root: Path, *subjects: str, table: str | None = None) -> Path:
    """A folder with a clip of each subject, called a.mp4, b.mp4, …, and perhaps subjects.csv."""
    names = [f"{chr(ord('a') + number)}.mp4" for number in range(len(subjects))]
    for name in names:
        (root / name).touch()
    rows = [f'{name},"{subject}",1' for name, subject in zip(names, subjects, strict=True)]
    text = "\n".join(["path,subject,label", *rows])
    (root / "clips.csv").write_text(text, encoding="utf-8", newline="")
    if table is not None:
        (root / "subjects.csv").write_text(table, encoding="utf-8")
    return root


def clips(root: Path, name: str = "folder") -> list[Found]:
    return ADAPTERS[name].clips(root, SETTINGS[name])


def said(root: Path, name: str = "folder") -> dict[str, Any]:
    return ADAPTERS[name].report(root, clips(root, name))


@pytest.mark.parametrize("other", [NFD, f" {NFC}\u00a0", f"\n{NFD}\t"])
def test_two_spellings_of_one_name_are_one_subject(tmp_path: Path, other: str):
    make(tmp_path, NFC, other, table=f"subject,age\n{NFD},31\n")
    assert {clip.subject for clip in clips(tmp_path)} == {NFC}
    assert [clip.groups for clip in clips(tmp_path)] == [{"age": 31.0}] * 2


@pytest.mark.parametrize(
    ("subjects", "table", "says"),
    [
        (["Anna", "anna"], None, r"accents alone: Anna \(a\.mp4\) and anna \(b\.mp4\)"),
        (["José", "Jose"], None, r"Jose \(b\.mp4\) and José \(a\.mp4\)"),
        (["a", "Anna", "anna", "ANNA"], None, r"ANNA \(d\.mp4\) and Anna \(.*\) and anna \("),
        (["Anna", "anna"], "subject,age\nAnna,3\n", r"Anna \(.*\) and anna \(b\.mp4\)"),
        (["anna"], "subject,age\nAnna,3\n", r"Anna \(subjects\.csv\) and anna \(a\.mp4\)"),
        (["An\u200bna"], None, r"invisible .*: a\.mp4 \('An\\u200bna': U\+200B ZERO WIDTH SPACE"),
        (["Anna"], "subject,age\n\ufeffAnna,3\n", r"subjects\.csv \(.*: U\+FEFF ZERO WIDTH NO-"),
        (["p1"], f"subject,age\n{NFC},3\n{NFD},3\n", f"stand twice in subjects.csv: {NFC}"),
        (["p1"], "subject,age\np1,3\n,4\n", r"subjects\.csv: rows without a subject: 4"),
    ],
)
def test_who_could_be_one_person_or_two_is_named(
    tmp_path: Path, subjects: list[str], table: str | None, says: str
):
    with pytest.raises(DatasetError, match=says) as refusal:
        clips(make(tmp_path, *subjects, table=table))
    assert str(tmp_path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_all_of_it_comes_at_once(tmp_path: Path):
    make(tmp_path, "Anna", "anna", "x\u200b", table="subject,age\np1,1\np1,2\n")
    with pytest.raises(DatasetError, match=r"invisible .*; .*stand twice .*; .*accents alone"):
        clips(tmp_path)


def test_subjects_csv_says_that_they_are_two_people(tmp_path: Path):
    make(tmp_path, "Anna", "anna", table="subject,age\nanna,4\nAnna,3\n")
    found = {clip.subject: clip.groups for clip in clips(tmp_path)}
    assert found == {"Anna": {"age": 3.0}, "anna": {"age": 4.0}}


def test_names_of_files_are_told_apart_like_those_of_tables(tmp_path: Path):
    """A Mac may write them with their accents as signs of their own."""
    smile_sets.make(tmp_path, [Clip(f"posed_{name}-1", "", 0) for name in (NFD.lower(), "yi")])
    (found, _), lower = clips(tmp_path, "spos"), NFC.lower()
    assert (found.subject, found.ident) == (lower, f"posed_{lower}-1")
    assert found.place == f"posed_{NFD.lower()}-1.mp4"
    smile_sets.make(tmp_path, [Clip("posed_jose-1", "", 0)])
    with pytest.raises(DatasetError, match=r"accents alone: jose \(.*\) and josé"):
        clips(tmp_path, "spos")


def test_so_are_those_of_sessions_where_no_table_can_say_that_they_are_two(tmp_path: Path):
    smile_sets.make(tmp_path, [Clip("108", "", 0), Clip("109", "", 0)])
    (tmp_path / "subjects.csv").write_text("session,subject\n108,S3\n109,s3\n")
    with pytest.raises(DatasetError, match=r"accents alone: S3 .* and s3") as refusal:
        clips(tmp_path, "mmi")
    assert "list both" not in str(refusal.value)


def test_numbers_that_a_spreadsheet_has_shortened_stand_twice_too(tmp_path: Path):
    smile_sets.make(tmp_path, [Clip("001_deliberate_smile_1", "001", 0)])
    (tmp_path / "subjects.csv").write_text("subject,age\n1,31\n001,31\n")
    with pytest.raises(DatasetError, match=r"stand twice in subjects\.csv: 001"):
        clips(tmp_path, "uva-nemo")


def test_pictures_of_nobody_known_may_have_any_name(tmp_path: Path):
    folder = tmp_path / "train" / "angry"
    folder.mkdir(parents=True)
    for name in ("a.jpg", "A.jpg", f"{NFC}.jpg", "x\u200b.jpg"):
        (folder / name).touch()
    assert len({clip.subject for clip in clips(tmp_path, "fer2013")}) == 4


def test_people_nobody_knows_may_have_groups_and_need_none(tmp_path: Path):
    make(tmp_path, "unknown-1", "unknown-2", "p1", table="subject,age\nunknown-1,31\np1,32\n")
    assert [clip.groups for clip in clips(tmp_path)] == [{"age": 31.0}, {}, {"age": 32.0}]
    assert said(tmp_path) == {}


def test_whoever_is_in_one_list_alone_is_named(tmp_path: Path):
    make(tmp_path, "p1", "p2", "p3", table="subject,age\np2,31\np4,32\np5,33\n")
    facts = said(tmp_path)
    assert facts["subjects_without_clips"] == ["p4", "p5"]
    assert facts["not_in_subjects_csv"] == ["p1", "p3"]
    remarks = " ".join(facts["remarks"])
    assert all(name in remarks for name in ("p1", "p3", "p4", "p5"))
    assert "p2" not in remarks


@pytest.mark.parametrize("table", [None, f"subject,age\n{NFD},31\n"])
def test_where_all_is_well_nothing_is_said(tmp_path: Path, table: str | None):
    assert said(make(tmp_path, NFC, table=table)) == {}


def test_sessions_without_a_clip_are_named(tmp_path: Path):
    smile_sets.make(tmp_path, [Clip("108", "", 0)])
    (tmp_path / "subjects.csv").write_text("session,subject\n108,3\n0110,4\n2031,4\n109,5\n")
    facts = said(tmp_path, "mmi")
    assert facts["sessions_without_clips"] == ["109", "110", "2031"]
    assert "109, 110, 2031" in facts["remarks"][0]


def test_every_set_may_have_groups(tmp_path: Path):
    for name in ("S005", "S006"):
        place = tmp_path / name / "001"
        place.mkdir(parents=True)
        (place / f"{name}_001_00000001.png").touch()
        (place / f"{name}_001_00000001_emotion.txt").write_text("3.0")
    (tmp_path / "subjects.csv").write_text("subject,gender\nS005,female\n")
    adapter = ADAPTERS["ckplus"]
    found = clips(tmp_path, "ckplus")
    assert [clip.groups for clip in found] == [{"gender": "female"}, {}]
    remarks = " ".join(adapter.report(tmp_path, found)["remarks"])
    assert "S006" in remarks
    assert "2 labelled sequences" in remarks
