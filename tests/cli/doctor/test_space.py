"""How much room a set will take, by hand, and what is said where there is less."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from duchenne.cli.doctor import Site, links, space
from duchenne.cli.doctor.space import NETWORK_BYTES, Need, needed
from duchenne.pipeline import dvc
from tests.make import clips
from tests.make.sites import put, site, texts


def test_a_video_s_frames_by_its_length(tmp_path: Path):
    """Two seconds at ten frames a second, 640 px wide and 480 high."""
    where = site(tmp_path, decode__fps=10)
    path = where.data / "a.mp4"
    clips.write_video(path, frames=50, fps=25)
    put(where, "a.mp4", path.read_bytes())
    expected = 20 * (640 * 480 * 0.25 + 18_000)
    need = needed(where)
    assert need.results - NETWORK_BYTES == pytest.approx(expected, rel=0.1)
    assert need.raw == path.stat().st_size


def test_what_says_no_length_goes_by_its_size(tmp_path: Path):
    where = site(tmp_path, decode__fps=10)
    put(where, "a.mp4", b"x" * 1_000_000)
    expected = 2 * 10 * (640 * 480 * 0.25 + 18_000)
    assert needed(where).results - NETWORK_BYTES == pytest.approx(expected)


def test_landmarks_have_no_pictures_and_features_no_frames(tmp_path: Path):
    where = site(tmp_path)
    np.save(tmp_path / "a.npy", np.zeros((100, 478, 3), np.float32))
    put(where, "a.npy", (tmp_path / "a.npy").read_bytes())
    put(where, "b.dmarkers", b"{}")
    assert needed(where).results - NETWORK_BYTES == pytest.approx(100 * 18_000, rel=0.01)


def test_pictures_do_not_grow(tmp_path: Path):
    where = site(tmp_path)
    put(where, "a.jpg", b"x" * 5_000)
    assert needed(where).results - NETWORK_BYTES == 5_000 + 18_000


def test_a_finished_set_needs_nothing_more(tmp_path: Path):
    where = site(tmp_path, dataset="mine")
    put(where, "a.mp4", b"x" * 1000)
    (tmp_path / "data/landmarks").mkdir()
    (tmp_path / "data/landmarks/a.parquet").touch()
    assert needed(where).results > 0, "they are those of the demo"
    chosen = Site(where.root, where.params.model_copy(update={"dataset": "mine"}), "mine")
    assert needed(chosen) == Need(0, 0)


def test_the_demo_is_known_before_it_is_rendered(tmp_path: Path):
    assert needed(site(tmp_path, "demo")).results > 112 * 5 * 25 * 18_000


@pytest.mark.parametrize(
    ("kind", "tracked", "wanted"),
    [
        ("hardlink", False, [100, 100]),
        ("symlink", False, [100, 107]),
        ("symlink", True, [100, 100]),
        ("copy", False, [100, 100, 107]),
    ],
)
def test_links_cost_nothing_and_copies_do(
    kind, tracked, wanted, *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    where = site(tmp_path)
    if tracked:
        (tmp_path / "data/raw/mine.dvc").touch()
    monkeypatch.setattr(dvc, "is_project", lambda root: True)
    monkeypatch.setattr(dvc, "cache_folder", lambda root: tmp_path / "cache")
    monkeypatch.setattr(links, "kind", lambda root, cache: kind)
    assert [amount for _, amount in space._wanted(where, Need(100, 7))] == wanted


def test_a_small_disk_is_a_note_with_a_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    where = site(tmp_path)
    put(where, "a.mp4", b"x" * 1000)
    assert list(space.check(where)) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    told = texts(list(space.check(where)))
    assert "has 1.0 MB free, and mine may need about 200" in told
    assert "(DUCHENNE_CACHE)" in told
    assert told.startswith("note")
