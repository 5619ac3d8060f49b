"""Sets that say everything in their names: what is a clip, what is not, and what does not fit."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from duchenne.config.datasets import Dataset, SmileDataset, SposDataset
from duchenne.datasets.adapters import ADAPTERS
from duchenne.datasets.clip import Found
from duchenne.errors import DatasetError
from tests.make import smile_sets
from tests.make.smile_sets import Clip

SETS: dict[str, Callable[[], list[Clip]]] = {
    "uva-nemo": smile_sets.uva_nemo,
    "bbc": smile_sets.bbc,
    "mmi": smile_sets.mmi,
    "spos": smile_sets.spos,
}
SETTINGS: dict[str, Dataset] = {
    "uva-nemo": SmileDataset(adapter="uva-nemo"),
    "bbc": SmileDataset(adapter="bbc"),
    "mmi": SmileDataset(adapter="mmi"),
    "spos": SposDataset(adapter="spos"),
}
NAMES = [(name, SETS[name]()[0].ident) for name in SETS]


def find(name: str, folder: Path) -> list[Found]:
    if name == "mmi":
        smile_sets.write_sessions(folder, SETS[name]())
    return ADAPTERS[name].find(folder, SETTINGS[name])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("ending", [".mp4", ".npy", ".mp4.npy", ".MP4", ".AVI"])
def test_the_whole_set_is_found_with_its_subjects_and_labels(
    name: str, ending: str, tmp_path: Path
):
    clips = SETS[name]()
    found = find(name, smile_sets.make(tmp_path, clips, ending))
    known = {(clip.ident, clip.subject, clip.label) for clip in found}
    assert known == set(clips)
    assert len(found) == len(clips)
    assert {clip.label_name for clip in found if clip.label} == {"spontaneous"}


@pytest.mark.parametrize("name", SETS)
def test_what_is_published_is_what_the_whole_set_has(name: str, tmp_path: Path):
    found = find(name, smile_sets.make(tmp_path, SETS[name]()))
    published = ADAPTERS[name].published
    assert published
    labels = [clip.label_name for clip in found]
    assert {label: labels.count(label) for label in published.classes} == published.classes
    assert len({clip.subject for clip in found}) == published.subjects


@pytest.mark.parametrize(("name", "ident"), NAMES)
def test_clips_may_lie_in_any_folder_and_what_is_no_clip_is_passed_over(
    name: str, ident: str, tmp_path: Path
):
    deep = tmp_path / "Part 1" / "videos"
    smile_sets.make(deep, [Clip(ident, "", 0)])
    for other in (".DS_Store", "Thumbs.db", "readme.txt", f"._{ident}.mp4", "cover.jpg"):
        (deep / other).touch()
    for aside in ("labels/1", ".Trash", "__MACOSX"):
        place = tmp_path / aside / (f"._{ident}.mp4" if aside[0] == "_" else f"{ident}.mp4")
        place.parent.mkdir(parents=True)
        place.touch()
    assert [clip.place for clip in find(name, tmp_path)] == [f"Part 1/videos/{ident}.mp4"]


@pytest.mark.parametrize(("name", "ident"), NAMES)
def test_names_that_do_not_fit_are_all_named(name: str, ident: str, tmp_path: Path):
    smile_sets.make(tmp_path, [Clip(ident, "", 0), Clip("holiday", "", 0), Clip("x-1-2", "", 0)])
    with pytest.raises(DatasetError, match=r"not named like .*: holiday\.mp4, x-1-2\.mp4; rename"):
        find(name, tmp_path)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("files", [[], ["holiday"]])
def test_a_wrong_folder_says_where_it_looked_and_for_what(
    name: str, files: list[str], tmp_path: Path
):
    smile_sets.make(tmp_path, [Clip(file, "", 0) for file in files])
    with pytest.raises(DatasetError) as refusal:
        find(name, tmp_path)
    says = str(refusal.value)
    assert says.startswith(f"{tmp_path}: no clip was found there or in any folder below it")
    assert "named like" in says
    assert ("it has holiday.mp4" in says) == bool(files)


@pytest.mark.parametrize(("name", "ident"), NAMES)
def test_a_video_beside_its_landmarks_is_refused(name: str, ident: str, tmp_path: Path):
    """Which of them a result is about is not to be guessed."""
    smile_sets.make(tmp_path / "v", [Clip(ident, "", 0)])
    smile_sets.make(tmp_path / "l", [Clip(ident, "", 0)], ".mp4.npy")
    with pytest.raises(DatasetError) as refusal:
        find(name, tmp_path)
    assert f"the same clip twice: l/{ident}.mp4.npy and v/{ident}.mp4" in str(refusal.value)
    assert "keep either the videos or the landmarks" in str(refusal.value)


@pytest.mark.parametrize("name", ["uva-nemo", "bbc", "spos"])
def test_subjects_csv_makes_groups(name: str, tmp_path: Path):
    clip, *_ = SETS[name]()
    smile_sets.make(tmp_path, [clip])
    subject = clip.subject.lstrip("0") if name == "uva-nemo" else clip.subject
    (tmp_path / "subjects.csv").write_text(f"subject,age,gender\n{subject or 0},31,female\n")
    [found] = ADAPTERS[name].clips(tmp_path, SETTINGS[name])
    assert found.groups == {"age": 31.0, "gender": "female"}


def test_no_clip_is_opened(tmp_path: Path):
    """A pipe would hang whoever opens it."""
    os.mkfifo(tmp_path / "001_deliberate_smile_1.mp4")
    assert [clip.subject for clip in find("uva-nemo", tmp_path)] == ["001"]
