"""How DVC links: what is allowed, what this disk can do, and what a copy costs."""

from pathlib import Path

import pytest

from duchenne.cli.doctor import links
from duchenne.pipeline import dvc
from tests.make.sites import site, texts


def under_dvc(root: Path, kinds: str) -> None:
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text(f'[cache]\n    type = "{kinds}"\n' if kinds else "")


@pytest.mark.parametrize(
    ("kinds", "able", "found"),
    [
        ("reflink,hardlink,symlink,copy", ["hardlink", "symlink"], "hardlink"),
        ("reflink,symlink", ["hardlink", "symlink"], "symlink"),
        ("", ["hardlink", "symlink"], "copy"),
        ("", ["reflink"], "reflink"),
        ("reflink, hardlink", [], "copy"),
    ],
)
def test_the_first_kind_that_is_allowed_and_works(
    kinds, able, found, *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    under_dvc(tmp_path, kinds)
    monkeypatch.setattr(links, "possible", lambda root, cache: able)
    assert links.kind(tmp_path, tmp_path / "cache") == found


def test_hard_links_can_be_made_here_and_nothing_is_left(tmp_path: Path):
    under_dvc(tmp_path, "hardlink")
    assert {"hardlink", "symlink"} <= set(links.possible(tmp_path, tmp_path / "cache"))
    assert [path.name for path in (tmp_path / ".dvc").iterdir()] == ["config"]
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("able", "says"),
    [
        (["hardlink"], "`dvc config cache.type reflink,hardlink,symlink,copy`, then `dvc check"),
        ([], "this file system has no links"),
    ],
)
def test_copies_are_a_note_with_a_cure(
    able, says, *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    where = site(tmp_path)
    under_dvc(tmp_path, "copy")
    monkeypatch.setattr(links, "possible", lambda root, cache: able)
    told = texts(list(links.check(where)))
    assert told.startswith("note: DVC copies files out of its cache")
    assert says in told


def test_a_cache_that_cannot_be_written_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    where = site(tmp_path)
    under_dvc(tmp_path, "")
    (tmp_path / "file").touch()
    monkeypatch.setattr(dvc, "cache_folder", lambda root: tmp_path / "file" / "cache")
    assert "BLOCKS: DVC's cache" in texts(list(links.check(where)))


def test_a_folder_without_dvc_is_told(tmp_path: Path):
    assert "is not under DVC" in texts(list(links.check(site(tmp_path))))
