"""The fan-out: what it computes, what it does not compute again, and what bad units become."""

import json
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path

import pytest

from duchenne.errors import EngineError, GateError, StageError
from duchenne.flow import cache as unit_cache
from duchenne.flow import source, startup
from duchenne.flow.attempt import Work
from duchenne.flow.cache import UnitCache
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Input, Recipe, StatusRow, Unit
from tests.flow.conftest import Give, seal
from tests.make import works

RECIPE = Recipe(stage="trial", params=None, code="c0de", libraries=())
INLINE = Settings(engine="inline")
LOCAL = Settings(engine="local", workers=2, time_limit=60)


def go(
    folder: Path,
    work: Work,
    units: Sequence[Unit],
    settings: Settings = INLINE,
    *,
    recipe: Recipe = RECIPE,
    max_failed: float = 1.0,
    earlier: Sequence[StatusRow] = (),
) -> dict[str, tuple[str, str]]:
    """Fan out into `folder`; status and reason by unit."""
    places = Places(folder / "results", ".txt", folder / "status.parquet")
    rows = fan_out(
        work, units, recipe=recipe, places=places, settings=settings,
        max_failed=max_failed, earlier=earlier,
    )  # fmt: skip
    assert read_status(places.status) == rows
    return {row.unit: (row.status, row.reason) for row in rows}


def results(folder: Path) -> dict[str, str]:
    """Every result by its place, and proof that nothing half-made lies beside it."""
    found = {path.relative_to(folder / "results").as_posix(): path.read_text()
             for path in (folder / "results").rglob("*") if path.is_file()}  # fmt: skip
    assert not [name for name in found if "part" in name]
    return found


@pytest.fixture(params=["spawned", "forked"])
def workers(request: pytest.FixtureRequest) -> Iterator[str]:
    """How a stage gets its workers: as anywhere, or from a process that was made ready ahead."""
    if request.param == "forked":
        if sys.platform != "linux":
            pytest.skip("Linux alone")
        startup.start()
    yield request.param
    multiprocessing.set_start_method(None, force=True)
    forkserver._forkserver._stop()  # type: ignore[attr-defined]


def unit_of(path: Path, text: str, name: str = "one") -> Unit:
    path.write_text(text)
    return Unit(name, (Input(path),))


def test_every_engine_gives_the_same_bytes(
    workers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = [Unit(f"u{i}", spec={"word": str(i)}) for i in range(5)]
    for name, settings in {"inline": INLINE, "local": LOCAL}.items():
        monkeypatch.setenv("DUCHENNE_CACHE", str(tmp_path / "cache" / name))
        verdicts = go(tmp_path / name, works.write_text, units, settings)
        assert verdicts == {f"u{i}": ("ok", "") for i in range(5)}
        assert results(tmp_path / name) == {f"u{i}.txt": str(i) for i in range(5)}
    one, two = ((tmp_path / n / "status.parquet").read_bytes() for n in ("inline", "local"))
    assert one == two


def test_a_folder_is_placed_whole_and_a_partial_unit_keeps_its_result(tmp_path: Path) -> None:
    places = Places(tmp_path / "results", "", tmp_path / "status.parquet")
    rows = fan_out(
        works.write_folder, [Unit("fold1")], recipe=RECIPE, places=places, settings=INLINE,
        max_failed=0.0,
    )  # fmt: skip
    assert (rows[0].status, rows[0].detail) == ("partial", "2 of 3 files")
    assert results(tmp_path) == {"fold1/a.txt": "a", "fold1/deep/b.txt": "b"}


def test_a_unit_may_have_no_file(tmp_path: Path) -> None:
    for work in (works.no_file, works.misbehave):  # the second time it is kept
        assert go(tmp_path, work, [Unit("array")]) == {"array": ("ok", "landmarks")}
        assert results(tmp_path) == {}


@pytest.mark.parametrize(
    ("change", "computed_again"),
    [
        ("nothing", False),
        ("name", False),
        ("content", True),
        ("spec", True),
        ("code", True),
        ("library", True),
        ("model", True),
    ],
)
def test_only_what_decides_a_result_makes_it_computed_again(
    tmp_path: Path, cache: Path, change: str, computed_again: bool
) -> None:
    unit = unit_of(tmp_path / "in.txt", "text")
    go(tmp_path, works.write_text, [unit])
    recipe = RECIPE
    match change:
        case "name":
            unit = Unit("other", unit.inputs)
        case "content":
            unit = unit_of(tmp_path / "in.txt", "other text")
        case "spec":
            unit = Unit("one", unit.inputs, {"word": "more"})
        case "code":
            recipe = Recipe("trial", None, "0ther", ())
        case "library":
            recipe = Recipe("trial", None, "c0de", (("av", "1"),))
        case "model":
            recipe = Recipe("trial", None, "c0de", (), (("weights", "abc"),))
    go(tmp_path, works.write_text, [unit], recipe=recipe)
    assert len(list(UnitCache(cache).entries())) == 1 + computed_again


def test_a_kept_result_is_linked_without_working(tmp_path: Path) -> None:
    unit = unit_of(tmp_path / "in.txt", "text")
    go(tmp_path / "first", works.write_text, [unit])
    go(tmp_path / "second", works.misbehave, [unit])  # would write something else
    assert results(tmp_path / "second") == {"one.txt": "text"}


def test_a_damaged_entry_is_computed_again(tmp_path: Path, cache: Path) -> None:
    unit = unit_of(tmp_path / "in.txt", "text")
    go(tmp_path, works.write_text, [unit])
    [(_, folder)] = UnitCache(cache).entries()
    (folder / "result").chmod(0o644)
    (folder / "result").write_text("damaged")
    go(tmp_path, works.write_text, [unit])
    assert results(tmp_path) == {"one.txt": "text"}
    assert (folder / "result").read_text() == "text"


def test_entries_that_were_exchanged_are_computed_again_with_one_remark(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    units = [Unit(f"u{i}", spec={"word": str(i)}) for i in range(4)]
    expected = {f"u{i}.txt": str(i) for i in range(4)}
    go(tmp_path, works.write_text, units)
    entries = [folder for _, folder in UnitCache(cache).entries()]
    for one, two in (entries[:2], entries[2:]):
        one.rename(cache / "aside")
        two.rename(one)
        (cache / "aside").rename(two)
    go(tmp_path, works.write_text, units)
    assert results(tmp_path) == expected
    [remark] = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert "4 units" in remark
    caplog.clear()
    go(tmp_path, works.misbehave, units)  # kept again
    assert (results(tmp_path), caplog.records) == (expected, [])


def test_a_record_that_names_a_place_elsewhere_writes_nothing_there(
    tmp_path: Path, cache: Path
) -> None:
    go(tmp_path, works.write_folder, [Unit("one")])
    [(_, folder)] = UnitCache(cache).entries()
    (folder.parent / "X").write_text("a")
    record = json.loads((folder / "entry.json").read_text())
    record["files"]["result/../../X"] = record["files"]["result/a.txt"]
    (folder / "entry.json").chmod(0o644)
    (folder / "entry.json").write_text(json.dumps(seal(record)))
    go(tmp_path, works.write_folder, [Unit("one")])
    assert results(tmp_path) == {"one.txt/a.txt": "a", "one.txt/deep/b.txt": "b"}
    assert not list(tmp_path.rglob("X"))


def test_what_a_trusted_user_has_kept_is_used_and_what_another_has_kept_is_not(
    tmp_path: Path, cache: Path, give: Give
) -> None:
    unit = Unit("one", spec={"word": "x"})
    trusting = Settings(engine="inline", cache_owners=["nobody"])
    go(tmp_path, works.write_text, [unit])
    [(_, folder)] = UnitCache(cache).entries()
    give(folder / "entry.json")
    go(tmp_path, works.misbehave, [unit], trusting)
    assert results(tmp_path) == {"one.txt": "x"}
    go(tmp_path, works.misbehave, [unit])
    assert results(tmp_path) == {"one.txt": "whole"}


def test_an_entry_that_blocks_its_place_ends_the_run_before_any_work(
    tmp_path: Path, cache: Path, give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    go(tmp_path, works.write_text, [Unit("one")])
    [(_, folder)] = UnitCache(cache).entries()
    give(folder)
    monkeypatch.setattr(unit_cache, "remove", lambda place: None)
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(EngineError, match="belongs to nobody"):
        go(tmp_path, works.misbehave, [Unit("one"), Unit("two", spec={"do": "bug"})])
    assert results(tmp_path) == {}


@pytest.mark.parametrize(
    ("do", "reason", "kept"),
    [
        ("unusable", "not_a_video", True),
        ("memory", "out_of_memory", False),
    ],
)
def test_a_bad_unit_is_a_row_without_a_file(
    tmp_path: Path, cache: Path, do: str, reason: str, kept: bool
) -> None:
    units = [Unit("bad", spec={"do": do}), Unit("good")]
    verdicts = go(tmp_path, works.misbehave, units)
    assert verdicts == {"bad": ("failed", reason), "good": ("ok", "")}
    assert results(tmp_path) == {"good.txt": "whole"}
    assert len(list(UnitCache(cache).entries())) == 1 + kept


@pytest.mark.parametrize(("do", "reason"), [("bug", "error"), ("full", "disk_full")])
def test_a_fault_of_ours_or_the_machine_s_never_passes_the_gate(
    tmp_path: Path, cache: Path, do: str, reason: str
) -> None:
    """At most quality.max_failed may be the clips' fault; a full disk is not."""
    units = [Unit("bad", spec={"do": do}), *(Unit(f"good{i}", spec={"n": i}) for i in range(20))]
    with pytest.raises(GateError, match=f"not the clips' fault.*: {reason};"):
        go(tmp_path, works.misbehave, units, max_failed=1.0)
    [row] = [row for row in read_status(tmp_path / "status.parquet") if row.failed]
    assert (row.unit, row.reason) == ("bad", reason)
    assert str(cache) not in row.detail, "rows hold no path of this machine"
    assert len(results(tmp_path)) == 20, "all others have finished"


def test_code_that_is_edited_during_a_run_makes_no_entry(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key says which code made a result; a worker may have loaded what was edited since."""
    (tmp_path / "src").mkdir()
    code = tmp_path / "src" / "work.py"
    code.write_text("old = 1\n")
    monkeypatch.setattr(source, "present", lambda: tmp_path / "src")
    now = source.digest(tmp_path, ["src/work.py"])
    recipe = replace(RECIPE, code=now, sources=("src/work.py",))
    go(tmp_path, works.write_text, [Unit("a")], recipe=recipe)
    code.write_text("new = 2\n")
    with pytest.raises(GateError, match="code_changed"):
        go(tmp_path, works.write_text, [Unit("b", spec={"word": "x"})], recipe=recipe)
    assert len(list(UnitCache(cache).entries())) == 1


def test_units_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"several units have one name .*\['a'\]"):
        go(tmp_path, works.write_text, [Unit("a"), Unit("b"), Unit("a", spec={"word": "x"})])


def test_nothing_of_an_earlier_run_stays(tmp_path: Path) -> None:
    go(tmp_path, works.write_text, [Unit("a"), Unit("b")])
    go(tmp_path, works.misbehave, [Unit("a", spec={"do": "unusable"})])
    assert results(tmp_path) == {}


def test_a_missing_input_is_told(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"gone\.txt cannot be read .*`dvc repro` makes what"):
        go(tmp_path, works.write_text, [Unit("a", (Input(tmp_path / "gone.txt"),))])


def test_deaths_and_endless_units_cost_only_themselves(
    workers: str, tmp_path: Path, cache: Path
) -> None:
    """One run with every way in which a process can be lost, beside units that are fine."""
    unit_of(tmp_path / "once.txt", "")
    bad = {"die": "worker_died", "sleep": "timeout", "native": "timeout"}
    units = [Unit(do, spec={"do": do}) for do in bad]
    units += [Unit("die_once", (Input(tmp_path / "once.txt"),), {"do": "die_once"})]
    units += [Unit(f"good{i}", spec={"n": i}) for i in range(8)]
    verdicts = go(
        tmp_path, works.misbehave, units, Settings(engine="local", workers=2, time_limit=4)
    )
    assert {unit: verdicts.pop(unit) for unit in bad} == {
        unit: ("failed", reason) for unit, reason in bad.items()
    }
    assert set(verdicts.values()) == {("ok", "")}
    assert set(results(tmp_path)) == {f"{unit}.txt" for unit in verdicts}
    assert len(list(UnitCache(cache).entries())) == len(verdicts)
    assert not list((cache / "parts").iterdir())


@pytest.mark.parametrize(("max_failed", "passes"), [(0.5, True), (0.49, False), (0.0, False)])
def test_the_gate_stops_a_run_in_which_too_many_failed(
    tmp_path: Path, max_failed: float, passes: bool
) -> None:
    units = [Unit("bad", spec={"do": "unusable"}), Unit("good")]
    if passes:
        go(tmp_path, works.misbehave, units, max_failed=max_failed)
        return
    cure = "raise the limit" if max_failed else "here none may fail"
    with pytest.raises(GateError, match=rf"1 of 2 units failed \(1 not_a_video\); .*{cure}"):
        go(tmp_path, works.misbehave, units, max_failed=max_failed)
    assert (tmp_path / "status.parquet").exists()


def test_earlier_failures_are_carried_along_and_count(tmp_path: Path) -> None:
    earlier = [StatusRow("a_lost", "failed", "no_face", "none seen", "detect")]
    assert go(tmp_path, works.misbehave, [Unit("good")], earlier=earlier) == {
        "a_lost": ("failed", "no_face"),
        "good": ("ok", ""),
    }
    with pytest.raises(GateError):
        go(tmp_path, works.misbehave, [Unit("good")], earlier=earlier, max_failed=0.1)


def test_workers_use_one_thread_each(workers: str, tmp_path: Path) -> None:
    go(tmp_path, works.threads, [Unit("count")], LOCAL)
    assert results(tmp_path)["count.txt"] == "1 1"


@pytest.mark.parametrize("workers", ["forked"], indirect=True)
def test_workers_are_forks_of_what_was_made_ready(workers: str, tmp_path: Path) -> None:
    """They know the code already and Ctrl-C is not for them; nor for those that replace them."""
    unit = unit_of(tmp_path / "once.txt", "", "again")
    go(tmp_path, works.origin, [Unit("first"), replace(unit, spec={"do": "die_once"})], LOCAL)
    parent = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    assert set(results(tmp_path).values()) == {f"of {parent}, ready, deaf"}


def test_nothing_looks_over_a_unit_s_shoulder(tmp_path: Path) -> None:
    """Dask's profiler and its ticks took an eighth of the time of rendering."""
    go(tmp_path, works.company, [Unit("alone")], LOCAL)
    assert results(tmp_path)["alone.txt"] == "watched: False, every 1s"


def test_workers_keep_the_memory_that_they_will_need_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)  # a cluster of a test may leave it
    go(tmp_path, works.memory, [Unit("freed")], LOCAL)
    assert results(tmp_path)["freed.txt"] == "as usual"


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone can be told")
def test_a_unit_may_keep_even_its_largest_arrays(workers: str, tmp_path: Path) -> None:
    """Of 195,000 pages."""
    go(tmp_path, works.large_steps, [Unit("pages")], LOCAL)
    assert int(results(tmp_path)["pages.txt"]) < 20_000
