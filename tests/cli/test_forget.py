"""What is forgotten and what is kept, on a made-up project."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from duchenne.cli import forget
from duchenne.errors import EngineError
from duchenne.flow.cache import UnitCache
from duchenne.pipeline import dvc
from duchenne.tables import parquet
from duchenne.tables.crops import crops_table
from duchenne.tables.frames import FRAMES

JPEG = b"\xff\xd8\xff a face"


def picture(path: Path, name: str, *, stage: str = "decode") -> Path:
    rows = {"frame": [0], "time": [0.0], "jpeg": [JPEG + name.encode()]}
    parquet.write(FRAMES, path, rows, made_by={"stage": stage})
    return path


class Project:
    """A workspace under DVC whose cache a test fills by hand."""

    def __init__(self, root: Path) -> None:
        self.root, self.cache = root, root / "elsewhere"
        self.units = UnitCache(root / "units")
        (root / ".dvc").mkdir()
        (root / ".dvc/config").touch()
        self._outs: list[dict[str, str]] = []

    def keep(self, content: bytes, *, ending: str = "", path: str | None = None) -> str:
        """Put an object into the cache; with a path dvc.lock names it as an out."""
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest() + ending
        file = dvc.object_file(self.cache, md5)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        if path:
            self._outs.append({"path": path, "md5": md5})
            lock = {"stages": {"any": {"outs": self._outs}}}
            (self.root / "dvc.lock").write_text(yaml.safe_dump(lock))
        return md5

    def folder(self, *names: str, path: str | None = None) -> str:
        entries = [{"md5": md5, "relpath": f"{n}.parquet"} for n, md5 in enumerate(names)]
        return self.keep(json.dumps(entries).encode(), ending=".dir", path=path)

    def picture(self, name: str, **more: Any) -> str:
        made = picture(self.root / "made.parquet", name, **more)
        content = made.read_bytes()
        made.unlink()
        return self.keep(content)

    def objects(self) -> set[str]:
        files = (self.cache / "files").rglob("*")
        return {dvc.object_name(file) for file in files if file.is_file()}

    def forget(self) -> None:
        forget.delete(forget.found(self.root, self.units))


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    monkeypatch.setattr(dvc, "cache_folder", lambda root: made.cache)
    return made


def test_pictures_go_with_their_lists_and_nothing_else(ours: Project):
    """Those that no lock file names any more go too."""
    now, before, crop = ours.picture("a"), ours.picture("b"), ours.picture("c", stage="crops")
    gone = {now, before, crop, ours.folder(now, path="data/frames"), ours.folder(before, crop)}
    mesh = ours.picture("mesh", stage="mesh")
    empty = ours.folder(path="data/crops")
    stay = {mesh, ours.folder(mesh, path="data/mesh"), empty, ours.keep(b"a video")}
    assert ours.objects() == gone | stay
    ours.forget()
    assert ours.objects() == stay


def test_what_another_out_names_is_kept(ours: Project):
    """Frames that somebody has added as data of their own: as a folder, a file, or among others."""
    plain, alone, among = ours.picture("a"), ours.picture("b"), ours.picture("c")
    frames = ours.folder(plain, alone, among, path="data/frames")
    held = [
        {"path": "b.parquet", "md5": alone},
        {"path": "mine", "md5": ours.folder(among, ours.keep(b"a video"))},
    ]
    (ours.root / "data/raw").mkdir(parents=True)
    (ours.root / "data/raw/mine.dvc").write_text(yaml.safe_dump({"outs": held}))
    before = ours.objects()
    ours.forget()
    assert before - ours.objects() == {plain, frames}


def test_a_copy_of_the_whole_folder_keeps_all_of_it(ours: Project):
    one = ours.picture("a")
    ours.folder(one, path="data/frames")
    ours.folder(one, path="data/raw/copy")
    before = ours.objects()
    ours.forget()
    assert ours.objects() == before


def test_frames_beside_other_data_of_another_commit_are_kept(ours: Project):
    one, two = ours.picture("a"), ours.picture("b")
    ours.folder(one, ours.keep(b"a video"))
    frames = ours.folder(one, two, path="data/frames")
    before = ours.objects()
    ours.forget()
    assert before - ours.objects() == {two, frames}


def test_the_workspace_the_copies_of_experiments_and_the_units(ours: Project):
    places = [
        picture(ours.root / "data/frames/a.parquet", "a"),
        picture(ours.root / "data/crops/a.parquet", "b", stage="crops"),
        picture(ours.root / ".dvc/tmp/exps/tmp1/data/frames/a.parquet", "c"),
        picture(ours.root / "data/reports/show/a.png", "e"),
        picture(ours.units.root / "units/decode/ab/abc/result", "d"),
        ours.units.root / "units/decode/ab/abc/entry.json",
        ours.units.root / "units/crops/ab/abd/entry.json",
    ]
    others = [
        ours.root / "data/mesh/a.parquet",
        ours.root / "data/raw/mine/a.mp4",
        ours.units.root / "units/mesh/ab/abc/result",
    ]
    for path in [*places[-2:], *others]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG)
    ours.forget()
    assert not any(path.exists() for path in places)
    assert all(path.exists() for path in others)
    assert not (ours.root / "data/frames").exists()
    assert not (ours.units.root / "units/decode").exists()


def own_table(path: Path) -> None:
    """A table of somebody's own, whose metadata has our key, and in it something else."""
    pq.write_table(pa.table({"jpeg": [JPEG]}).replace_schema_metadata({"duchenne": "[]"}), path)


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


OTHERS: dict[str, Callable[[Path], object]] = {
    "a film.mp4": lambda path: path.write_bytes(JPEG),
    "below/notes.txt": lambda path: path.write_text("mine"),
    "mesh.parquet": lambda path: picture(path, "a", stage="mesh"),
    "own.parquet": own_table,
    "text.parquet": lambda path: path.write_text("PAR1"),
    "broken.parquet": lambda path: path.symlink_to("gone"),
    "pipe.parquet": link_to_a_pipe,
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_no_stage_has_made_stays_and_is_named(ours: Project, name: str):
    ordinary, other = ours.root / "data/frames/a.parquet", ours.root / "data/frames" / name
    picture(ordinary, "a")
    other.parent.mkdir(exist_ok=True)
    OTHERS[name](other)
    [workspace, *_] = forget.found(ours.root, ours.units)
    assert (workspace.files, workspace.left) == ((ordinary,), (other,))
    ours.forget()
    assert os.path.lexists(other)
    assert not ordinary.exists()


def test_a_link_is_removed_and_its_target_left(ours: Project):
    """DVC may link single files into its cache; what counts is what they lead to."""
    target, film = ours.root / "elsewhere.bin", ours.root / "film.bin"
    picture(target, "a")
    film.write_bytes(JPEG)
    frames = ours.root / "data/frames"
    frames.mkdir(parents=True)
    (frames / "a.parquet").symlink_to(target)
    (frames / "b.parquet").symlink_to(film)
    ours.forget()
    assert target.exists() and film.exists()
    assert [path.name for path in frames.iterdir()] == ["b.parquet"]


LINKS = {
    "data/frames": "data/frames",
    "data/crops": "data/crops",
    "data": "data/frames",
    ".dvc/tmp/exps/tmp1": ".dvc/tmp/exps/tmp1/data/frames",
    ".dvc/tmp/exps/tmp1/data/crops": ".dvc/tmp/exps/tmp1/data/crops",
    "units/units": "units/units/decode/ab/abc",
    "units/units/crops": "units/units/crops/ab/abc",
}


@pytest.mark.parametrize("link", LINKS)
def test_a_folder_that_is_a_link_is_refused(ours: Project, link: str):
    """Whatever lies behind it, and before anything is deleted elsewhere."""
    behind, ordinary = ours.root / "theirs", ours.picture("b")
    ours.folder(ordinary, path="data/frames")
    inside = behind / Path(LINKS[link]).relative_to(link) / "a.parquet"
    picture(inside, "a", stage="crops")
    (ours.root / link).parent.mkdir(parents=True, exist_ok=True)
    (ours.root / link).symlink_to(behind)
    before = ours.objects()
    with pytest.raises(EngineError, match=rf"{link} is a link to .*theirs, and nothing"):
        ours.forget()
    assert inside.exists()
    assert ours.objects() == before


@pytest.mark.parametrize("place", ["data/frames", "units/units/decode/ab"])
def test_a_link_to_a_folder_is_not_followed(ours: Project, place: str):
    behind = picture(ours.root / "theirs/a.parquet", "a")
    (ours.root / place).mkdir(parents=True)
    (ours.root / place / "linked").symlink_to(behind.parent)
    ours.forget()
    assert behind.exists()


def test_links_to_one_file_are_freed_once_and_only_when_all_go(ours: Project):
    one = picture(ours.root / "data/frames/a.parquet", "a")
    two = picture(ours.root / "data/frames/b.parquet", "b")
    units = ours.units.root / "units/decode"
    units.mkdir(parents=True)
    os.link(one, units / "a")
    os.link(two, ours.root / "b")
    size = one.stat().st_size
    found = forget.found(ours.root, ours.units)
    assert [(share.place, len(share.files), share.bytes) for share in found] == [
        ("workspace", 2, size + two.stat().st_size), ("sheets", 0, 0), ("DVC's cache", 0, 0),
        ("unit cache", 1, size),
    ]  # fmt: skip
    assert forget.freed(found) == size


def test_what_may_not_be_deleted_is_named_and_the_rest_goes(
    ours: Project, monkeypatch: pytest.MonkeyPatch
):
    for name in ("a", "b"):
        picture(ours.root / f"data/frames/{name}.parquet", name)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name == "a.parquet":
            raise PermissionError(13, "not yours")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(EngineError, match=r"1 files may not be deleted: .*a\.parquet; all others"):
        ours.forget()
    assert not (ours.root / "data/frames/b.parquet").exists()


def test_chips_of_faces_are_pictures_too(ours: Project):
    """In the workspace, the unit cache and DVC's cache, whatever commit they are of."""
    rows = {"frame": [0], "time": [0.0], "success": [True], "aligned": [False], "chip": [b"face"],
            "points": np.full((1, 136), np.nan).tolist()}  # fmt: skip
    chips, unit = ours.root / "data/crops/a.parquet", ours.units.folder("crops", "abc") / "result"
    parquet.write(crops_table(2, 1), chips, rows, made_by={"stage": "crops"}, side=2, channels=1)
    unit.parent.mkdir(parents=True)
    unit.hardlink_to(chips)
    ours.folder(ours.keep(chips.read_bytes()), path="data/crops")
    landmarks = ours.keep(b"landmarks")
    assert forget.freed(forget.found(ours.root, ours.units)) > 2 * chips.stat().st_size
    ours.forget()
    assert not chips.exists()
    assert not unit.exists()
    assert ours.objects() == {landmarks}


def test_an_empty_folder_stays_where_a_model_looks_at_no_pictures(ours: Project):
    """It is a result that training waits for, and dvc would not make it again without frames."""
    picture(ours.root / "data/frames/a.parquet", "a")
    (ours.root / "data/crops").mkdir()
    ours.forget()
    assert not (ours.root / "data/frames").exists()
    assert (ours.root / "data/crops").is_dir()
