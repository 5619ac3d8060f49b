"""Which entries of the unit cache are used: sound ones, under their own key, of trusted owners."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from duchenne.errors import EngineError
from duchenne.flow import cache as unit_cache
from duchenne.flow.cache import UnitCache
from duchenne.flow.entry import Entry
from duchenne.flow.unit import Outcome
from tests.flow.conftest import NOBODY, Give, Record, seal

SHA = hashlib.sha256(b"a").hexdigest()
KEY, OTHER = "aa11", "bb22"


@pytest.fixture
def units(cache: Path) -> UnitCache:
    return UnitCache(cache)


def keep(
    cache: UnitCache, key: str = KEY, *, text: str = "a", outcome: Outcome | None = None
) -> Path:
    """An entry of two files in a folder with one below."""
    with cache.staging() as staged:
        (staged / "result/deep").mkdir(parents=True)
        (staged / "result/a.txt").write_text(text)
        (staged / "result/deep/b.txt").write_text("b")
        cache.keep("decode", key, staged, outcome or Outcome())
    return cache.folder("decode", key)


def overwrite(file: Path, text: str) -> None:
    file.chmod(0o644)
    file.write_text(text)


def refused(cache: UnitCache, *, fresh: bool = False) -> list[str]:
    """What is remarked where an entry is not used; nothing of it may stay."""
    remarks: list[str] = []
    assert cache.find("decode", KEY, fresh=fresh, remark=remarks.append) is None
    assert not os.path.lexists(cache.folder("decode", KEY))
    return remarks


def with_outcome(**changes: object) -> Callable[[Record], Record]:
    return lambda record: {**record, "outcome": {**record["outcome"], **changes}}


def with_file(name: str, sha256: object = SHA) -> Callable[[Record], Record]:
    return lambda record: {**record, "files": {**record["files"], name: sha256}}


def without(*names: str) -> Callable[[Record], Record]:
    return lambda record: {k: v for k, v in record.items() if k not in names}


def test_an_entry_says_whose_it_is_and_is_found_as_it_was_kept(units: UnitCache):
    folder = keep(units, outcome=Outcome("partial", "short", "2 of 3"))
    record = json.loads((folder / "entry.json").read_text())
    assert (record["stage"], record["key"]) == ("decode", KEY)
    assert record == seal(record)
    found = units.find("decode", KEY)
    assert found is not None
    assert found.outcome == Outcome("partial", "short", "2 of 3")
    assert set(found.files) == {"result/a.txt", "result/deep/b.txt"}


# What a record of this entry may not say, even where its digest is right.
FORGED: dict[str, Callable[[Record], object]] = {
    "a list": lambda record: [record],
    "the version before": without("stage", "key"),
    "another stage": lambda record: {**record, "stage": "detect"},
    "another key": lambda record: {**record, "key": OTHER},
    "a key too many": lambda record: {**record, "more": 1},
    "no list of files": without("files"),
    "an empty list of files": lambda record: {**record, "files": {}},
    "files without digests": lambda record: {**record, "files": list(record["files"])},
    "a detail of 5": with_outcome(detail=5),
    "no reason": with_outcome(reason=None),
    "an unknown status": with_outcome(status="good"),
    "an outcome that is not kept": with_outcome(lasting=False),
    "a number for a truth": with_outcome(lasting=1),
    "an outcome with a word too many": with_outcome(more=""),
    "a failed unit with files": with_outcome(status="failed"),
    "a digest that is none": with_file("result/a.txt", SHA[:-1]),
    "a digest in capitals": with_file("result/a.txt", SHA.upper()),
    "a digest of nothing": with_file("result/a.txt", None),
    "a file that is not there": with_file("result/c.txt"),
    "a file beside the result": with_file("beside"),
    "a step up": with_file("result/../beside"),
    "no step": with_file("result/./a.txt"),
    "an empty step": with_file("result//a.txt"),
    "a step on Windows": with_file("result/..\\beside"),
    "no text": with_file("result/a\0.txt"),
}  # fmt: skip


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("forgery", FORGED)
def test_a_record_that_is_not_this_entry_s_is_damage(units: UnitCache, forgery: str, fresh: bool):
    folder = keep(units)
    for name in ("beside", "result/..\\beside"):  # all that is named is there
        (folder / name).write_text("a")
    record = json.loads((folder / "entry.json").read_text())
    forged = FORGED[forgery](record)
    sealed = seal(forged) if isinstance(forged, dict) else forged
    overwrite(folder / "entry.json", json.dumps(sealed))
    [remark] = refused(units, fresh=fresh)
    assert remark.startswith(f"decode/{KEY}: ")


def test_an_absolute_name_is_damage(units: UnitCache, tmp_path: Path):
    (tmp_path / "beside").write_text("a")
    folder = keep(units)
    record = json.loads((folder / "entry.json").read_text())
    forged = seal(with_file(str(tmp_path / "beside"))(record))
    overwrite(folder / "entry.json", json.dumps(forged))
    assert refused(units)


@pytest.mark.parametrize(
    "change",
    [
        with_outcome(reason="another"),
        lambda record: {**record, "files": None},
        lambda record: {**record, "files": {"result/a.txt": SHA}},
        lambda record: {**record, "digest": SHA},
        without("digest"),
    ],
)
def test_no_part_of_a_record_changes_unnoticed(
    units: UnitCache, change: Callable[[Record], Record]
):
    folder = keep(units)
    record = json.loads((folder / "entry.json").read_text())
    overwrite(folder / "entry.json", json.dumps(change(record)))
    assert refused(units)


def replaced(by: Callable[[Path], object]) -> Callable[[Path], None]:
    def replace(path: Path) -> None:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        by(path)

    return replace


def moved(path: Path) -> None:
    """The same bytes, by way of a link."""
    elsewhere = Path(tempfile.mkdtemp(dir=os.environ["DUCHENNE_CACHE"])) / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def too_large(path: Path) -> None:
    """The same record, and then blanks."""
    overwrite(path, path.read_text() + " " * 17_000_000)


@pytest.mark.parametrize(
    ("victim", "harm"),
    [
        ("result/a.txt", replaced(lambda path: path.write_text("other"))),
        ("result/a.txt", Path.unlink),
        ("result/a.txt", replaced(Path.mkdir)),
        ("result/a.txt", replaced(os.mkfifo)),
        ("result/a.txt", moved),
        ("result/deep", moved),
        ("result", moved),
        ("result", replaced(lambda path: path.write_text("a"))),
        ("entry.json", Path.unlink),
        ("entry.json", moved),
        ("entry.json", replaced(os.mkfifo)),
        ("entry.json", replaced(Path.mkdir)),
        ("entry.json", replaced(lambda path: path.write_text("{"))),
        ("entry.json", replaced(lambda path: path.write_text("[" * 100_000))),
        ("entry.json", replaced(lambda path: path.write_bytes(b"\xff\xfe"))),
        ("entry.json", too_large),
        (".", moved),
        (".", replaced(lambda path: path.symlink_to("nowhere"))),
        (".", replaced(lambda path: path.write_text("a"))),
        (".", replaced(Path.mkdir)),
    ],
)
def test_what_is_not_as_it_was_written_is_damage(
    units: UnitCache, victim: str, harm: Callable[[Path], object]
):
    harm(keep(units) / victim)
    assert refused(units)
    keep(units)
    assert units.find("decode", KEY) is not None


def test_a_link_s_target_is_left_alone(units: UnitCache, tmp_path: Path):
    folder = keep(units)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert refused(units)
    assert (tmp_path / "elsewhere/entry.json").exists()


def test_entries_that_were_exchanged_are_not_served_for_each_other(units: UnitCache):
    one, two, aside = keep(units), keep(units, OTHER, text="other"), units.root / "aside"
    one.rename(aside)
    two.rename(one)
    aside.rename(two)
    assert OTHER in refused(units)[0]
    assert units.find("decode", OTHER) is None


def test_a_unit_without_a_file_says_so(units: UnitCache):
    with units.staging() as staged:
        units.keep("decode", KEY, staged, Outcome("ok", "landmarks"))
    folder = units.folder("decode", KEY)
    record = json.loads((folder / "entry.json").read_text())
    assert record["files"] is None
    found = units.find("decode", KEY)
    assert found is not None
    assert found.files == {}


@pytest.mark.parametrize("name", ["result/../../X", "../X", "/X", "X", "result/..", "", "result/"])
def test_nothing_is_ever_placed_elsewhere(tmp_path: Path, name: str):
    source, there = tmp_path / "entry", tmp_path / "there"
    for folder in (source / "result", there):
        folder.mkdir(parents=True)
    (tmp_path / "X").write_text("mine")
    (source / "X").write_text("other")
    with pytest.raises(ValueError, match="is no place below result"):
        Entry(source, Outcome(), {"result/a": SHA, name: SHA}).place(there)
    assert (tmp_path / "X").read_text() == "mine"
    assert list(there.iterdir()) == []


# ---- Whose they are ------------------------------------------------------------------------------
@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize(
    "victim", [".", "entry.json", "result", "result/a.txt", "result/deep", "result/deep/b.txt"]
)
def test_what_belongs_to_somebody_else_is_used_if_they_are_trusted(
    units: UnitCache, give: Give, victim: str, fresh: bool
):
    give(keep(units) / victim)
    trusting = UnitCache(units.root, frozenset({*units.owners, NOBODY}))
    assert trusting.find("decode", KEY, fresh=fresh) is not None
    [remark] = refused(units, fresh=fresh)
    assert "belongs to nobody, whom cache_owners in engine.yaml does not name" in remark


def test_root_is_trusted(monkeypatch: pytest.MonkeyPatch, cache: Path):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert UnitCache(cache).owners == {0, 1000}


@pytest.mark.parametrize("kept", ["before", "meanwhile"])
def test_what_can_neither_be_used_nor_removed_is_told_in_one_line(
    units: UnitCache, give: Give, kept: str, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    give(keep(units))
    monkeypatch.setattr(unit_cache, "remove", lambda place: None)
    monkeypatch.setattr(Path, "rename", refuse)
    says = r"^units/decode/aa/aa11 in .* belongs to nobody, .* \(Operation .*; .* DUCHENNE_CACHE to"
    with pytest.raises(EngineError, match=says) as refusal:
        units.find("decode", KEY) if kept == "before" else keep(units)
    assert "\n" not in str(refusal.value)


def test_files_that_are_not_their_writer_s_are_told_before_any_work(cache: Path):
    with pytest.raises(EngineError, match=r"belongs to .* cache_owners in engine\.yaml"):
        UnitCache(cache, frozenset({NOBODY - 1})).prepare()


@contextmanager
def acting_as(uid: int) -> Iterator[None]:
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A cache that every user may write; pytest's own folders are closed to others."""
    if os.geteuid() != 0:
        pytest.skip("only root can be two users")
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("all_folders", "entry_itself", "comes_to"),
    [
        (0o777, 0o777, "removed"),
        (0o777, 0o755, "moved aside"),
        (0o1777, 0o755, "told"),
    ],
)
def test_two_users_in_one_cache(shared: Path, all_folders: int, entry_itself: int, comes_to: str):
    shared.chmod(all_folders)
    with acting_as(NOBODY - 1):
        theirs = keep(UnitCache(shared), text="theirs")
        theirs.chmod(entry_itself)
    with acting_as(NOBODY):
        mine = UnitCache(shared)
        trusting = UnitCache(shared, frozenset({*mine.owners, NOBODY - 1}))
        assert trusting.find("decode", KEY) is not None
        if comes_to == "told":
            with pytest.raises(EngineError, match=f"belongs to user {NOBODY - 1}"):
                mine.find("decode", KEY)
            return
        keep(mine, text="mine")
        assert mine.find("decode", KEY) is not None
        assert (theirs / "result/a.txt").read_text() == "mine"
        assert len(list(theirs.parent.iterdir())) == 1 + (comes_to == "moved aside")
