"""The unit cache: shared, read-only, swept, pruned."""

import os
import socket
import stat
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from duchenne.cli.main import app
from duchenne.errors import EngineError
from duchenne.flow.cache import UnitCache, clocks, prune, usage
from duchenne.flow.unit import Outcome, digest


def keep(cache: UnitCache, key: str, text: str = "result", stage: str = "decode") -> Path:
    with cache.staging() as staged:
        (staged / "result").write_text(text)
        cache.keep(stage, key, staged, Outcome())
    return cache.folder(stage, key)


@pytest.fixture
def units(cache: Path) -> UnitCache:
    return UnitCache(cache)


def test_an_entry_is_found_under_its_key_and_stage_only(units: UnitCache):
    keep(units, "aa11")
    assert units.find("decode", "aa11") is not None
    assert units.find("decode", "bb22") is None
    assert units.find("detect", "aa11") is None


def test_results_are_read_only(units: UnitCache):
    folder = keep(units, "aa11")
    assert stat.S_IMODE((folder / "result").stat().st_mode) == 0o444


def test_clocks_stand_beside_results_and_are_found_by_what_they_made(units: UnitCache):
    for key, seconds in (("aa11", 3.5), ("bb22", 4.0)):
        with units.staging() as staged:
            (staged / "result").write_text(key)
            units.keep("train", key, staged, Outcome(clock={"unit": seconds}))
    keep(units, "cc33", stage="train")  # of an earlier version, without a clock
    made = {fold: digest(units.folder("train", key) / "result")
            for fold, key in (("1", "aa11"), ("2", "bb22"), ("3", "cc33"))}  # fmt: skip
    assert clocks(units, "train", made) == {"1": {"unit": 3.5}, "2": {"unit": 4.0}}
    assert clocks(units, "decode", made) == {}
    records = [(units.folder("train", key) / "entry.json").read_text() for key in ("aa11", "bb22")]
    assert not any("clock" in record or "3.5" in record for record in records)
    (units.folder("train", "aa11") / "clock.json").write_text("{")
    assert clocks(units, "train", made) == {"2": {"unit": 4.0}}


def test_the_second_to_finish_a_unit_changes_nothing(units: UnitCache):
    folder = keep(units, "aa11")
    before = (folder / "result").stat().st_ino
    keep(units, "aa11")
    assert (folder / "result").stat().st_ino == before
    assert not list((units.root / "parts").iterdir())


def test_a_failed_unit_keeps_its_verdict_and_no_file(units: UnitCache):
    with units.staging() as staged:
        (staged / "result").write_text("half")
        units.keep("decode", "aa11", staged, Outcome("failed", "not_a_video", "text"))
    entry = units.find("decode", "aa11")
    assert entry is not None
    assert (entry.outcome.reason, entry.files) == ("not_a_video", {})


def test_a_result_is_placed_over_an_old_one_without_touching_it(units: UnitCache, tmp_path: Path):
    old = tmp_path / "clip.parquet"
    old.write_text("old")
    entry_folder = keep(units, "aa11", "new")
    entry = units.find("decode", "aa11")
    assert entry is not None
    entry.place(old)
    assert old.read_text() == "new"
    assert old.samefile(entry_folder / "result"), "linked, so it costs no space"


def test_without_links_a_copy_is_made(
    units: UnitCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    folder = keep(units, "aa11")
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    entry = units.find("decode", "aa11")
    assert entry is not None
    entry.place(tmp_path / "there" / "clip.parquet")
    assert (tmp_path / "there" / "clip.parquet").read_text() == "result"
    assert not (tmp_path / "there" / "clip.parquet").samefile(folder / "result")


def test_sweep_removes_the_parts_of_dead_processes_only(units: UnitCache):
    parts = units.root / "parts"
    names = {
        "dead": f"{socket.gethostname()}=4194304=x",  # above the largest process number
        "alive": f"{socket.gethostname()}={os.getpid()}=x",
        "elsewhere": "another-host=4194304=x",
        "nobody": f"{socket.gethostname()}=x=x",
        "no process": f"{socket.gethostname()}={10**30}=x",
    }
    for name in names.values():
        (parts / name).mkdir(parents=True)
    units.sweep()
    assert {path.name for path in parts.iterdir()} == {*names.values()} - {names["dead"]}


def test_info_and_prune(units: UnitCache):
    old, new = keep(units, "aa11", "x" * 3000), keep(units, "bb22", stage="detect")
    long_ago = time.time() - 40 * 86_400
    os.utime(old, (long_ago, long_ago))
    assert [(s.stage, s.units) for s in usage(units)] == [("decode", 1), ("detect", 1)]

    shown = CliRunner().invoke(app, ["cache", "info"])
    assert shown.exit_code == 0
    assert "3.3 kB" in shown.output or "3.2 kB" in shown.output
    pruned = CliRunner().invoke(app, ["cache", "prune"])
    assert "removed 1 units" in pruned.output
    assert (old.exists(), new.exists()) == (False, True)
    assert CliRunner().invoke(app, ["cache", "prune", "--unused-days", "-1"]).exit_code == 2
    assert prune(units, unused_days=0)[0] == 1


def test_use_keeps_an_entry_from_being_pruned(units: UnitCache):
    folder = keep(units, "aa11")
    long_ago = time.time() - 40 * 86_400
    os.utime(folder, (long_ago, long_ago))
    units.find("decode", "aa11")
    assert prune(units, unused_days=30) == (0, 0)


def test_a_stray_file_beside_the_result_is_not_kept(units: UnitCache, tmp_path: Path):
    with units.staging() as staged:
        (staged / "result").write_text("x")
        (staged / "scratch.tmp").write_text("y")
        units.keep("decode", "aa11", staged, Outcome())
    entry = units.find("decode", "aa11")
    assert entry is not None
    assert set(entry.files) == {"result"}
    entry.place(tmp_path / "there")
    assert (tmp_path / "there").read_text() == "x"


def test_a_cache_that_a_group_shares_stays_shared(units: UnitCache, cache: Path):
    cache.chmod(0o2775)
    umask = os.umask(0o077)
    try:
        keep(units, "aa11")
        with units.staging() as staged:
            (staged / "result/deep").mkdir(parents=True)
            (staged / "result/deep/b.txt").touch()
            units.keep("decode", "bb22", staged, Outcome())
        units.unfinished("decode", "cc33")
    finally:
        os.umask(umask)
    for made in cache.rglob("*"):
        mode = 0o2775 if made.is_dir() else 0o444
        assert stat.S_IMODE(made.stat().st_mode) == mode, made


def test_a_cache_that_cannot_be_written_is_told_in_one_line(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match=r"cannot be written .*; set DUCHENNE_CACHE to a folder"):
        UnitCache(tmp_path / "file" / "below").prepare()
