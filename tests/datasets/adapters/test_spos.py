"""SPOS as its owners hand it out: folders of numbered pictures."""

from pathlib import Path

import pytest

from duchenne.config.datasets import SposDataset
from duchenne.datasets.adapters import spos
from duchenne.datasets.clip import names_of
from duchenne.errors import DatasetError
from tests.make import smile_sets

SETTINGS = SposDataset(adapter="spos", fps=25)


def make(root: Path, *folders: str) -> Path:
    for folder in folders:
        place = root / folder
        place.mkdir(parents=True)
        for number in (1, 2, 10):
            (place / f"{number}.bmp").touch()
        (place / "Thumbs.db").touch()
    return root


def test_a_folder_of_pictures_is_a_clip(tmp_path: Path):
    make(tmp_path, "SPOS/VIS/posed/happy/nelly-1", "SPOS/VIS/Spontaneous/Happy/Yi-2")
    found = spos.find(tmp_path, SETTINGS)
    assert [(clip.place, clip.kind, clip.ident, clip.subject, clip.label) for clip in found] == [
        ("SPOS/VIS/Spontaneous/Happy/Yi-2/", "sequence", "spontaneous_yi-2", "yi", 1),
        ("SPOS/VIS/posed/happy/nelly-1/", "sequence", "posed_nelly-1", "nelly", 0),
    ]
    assert names_of(found) == ["spontaneous_yi-2", "posed_nelly-1"]


def test_the_whole_set_is_found(tmp_path: Path):
    clips = smile_sets.spos()
    folders = [clip.ident.replace("_", "/happy/") for clip in clips]
    found = spos.find(make(tmp_path, *folders), SETTINGS)
    assert {(clip.ident, clip.subject, clip.label) for clip in found} == set(clips)


def test_other_emotions_and_pictures_elsewhere_are_no_smiles(tmp_path: Path):
    make(
        tmp_path,
        "posed/happy/nelly-1",
        "posed/angry/nelly-1",
        "happy/rui-1",
        "labels/posed/happy/yi-1",
    )
    assert [clip.ident for clip in spos.find(tmp_path, SETTINGS)] == ["posed_nelly-1"]


def test_a_folder_whose_name_does_not_fit_is_named(tmp_path: Path):
    make(tmp_path, "posed/happy/nelly-1", "posed/happy/holiday")
    with pytest.raises(DatasetError, match=r"not named like .*: posed/happy/holiday/; rename"):
        spos.find(tmp_path, SETTINGS)


def test_both_cameras_at_once_are_refused(tmp_path: Path):
    make(tmp_path, "VIS/posed/happy/nelly-1", "NIR/posed/happy/nelly-1")
    with pytest.raises(DatasetError) as refusal:
        spos.find(tmp_path, SETTINGS)
    assert "NIR/posed/happy/nelly-1/ and VIS/posed/happy/nelly-1/" in str(refusal.value)


def test_yi_is_not_ying(tmp_path: Path):
    smile_sets.make(tmp_path, smile_sets.spos(), ".npy")
    subjects = [clip.subject for clip in spos.find(tmp_path, SETTINGS)]
    assert (subjects.count("yi"), subjects.count("ying")) == (8, 17)
