"""Work that goes on where a killed process was, and what units say meanwhile."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from duchenne.errors import GateError
from duchenne.flow import cache as unit_cache
from duchenne.flow import process, source
from duchenne.flow.attempt import Work
from duchenne.flow.cache import UnitCache, prune
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Recipe, Unit
from tests.flow.conftest import Give
from tests.make import works

INLINE = Settings(engine="inline")
LOCAL = Settings(engine="local", workers=1, time_limit=60)
RECIPE = Recipe(stage="trial", params=None, code="c0de", libraries=())


def go(
    folder: Path,
    work: Work,
    unit: Unit,
    settings: Settings = INLINE,
    *,
    recipe: Recipe = RECIPE,
    resumes: bool = True,
) -> tuple[str, str]:
    """What came of the unit: its reason, if there is one, and its result."""
    places = Places(folder / "results", ".txt", folder / "status.parquet")
    with suppress(GateError):  # a fault of ours; its row says which
        fan_out(
            work, [unit], recipe=recipe, places=places, settings=settings, max_failed=1.0,
            resumes=resumes,
        )  # fmt: skip
    [row] = read_status(places.status)
    result = places.of(unit.name)
    return row.reason, result.read_text() if result.exists() else ""


def counting(until_then: str, **spec: Any) -> Unit:
    return Unit("one", spec={"until_then": until_then, **spec})


def unfinished(cache: Path) -> list[Path]:
    """The folders of all units that are not finished."""
    return sorted((cache / "unfinished").glob("*/*"))


@pytest.mark.parametrize("until_then", ["break", "give up"])
def test_a_unit_gets_its_folder_again_until_it_is_done(
    until_then: str, tmp_path: Path, cache: Path
):
    unit = counting(until_then)
    for _ in range(2):
        reason, result = go(tmp_path, works.count_up, unit)
        assert (reason, result) == ("error" if until_then == "break" else "out_of_memory", "")
        assert len(unfinished(cache)) == 1
    assert go(tmp_path, works.count_up, unit) == ("", "line 1 line 2 line 3")
    assert unfinished(cache) == [], "it is not needed any more"


def test_a_killed_worker_s_unit_goes_on_in_the_next_worker_and_the_next_run(
    tmp_path: Path, cache: Path
):
    """It dies at the first and at the second line, which ends this run; the next one ends it."""
    unit = counting("die")
    assert go(tmp_path, works.count_up, unit, LOCAL) == ("worker_died", "")
    [folder] = unfinished(cache)
    assert (folder / "progress.txt").read_text() == "line 1\nline 2"
    assert go(tmp_path, works.count_up, unit, LOCAL) == ("", "line 1 line 2 line 3")
    assert unfinished(cache) == []


def test_another_unit_or_another_recipe_never_gets_it(tmp_path: Path, cache: Path):
    go(tmp_path, works.count_up, counting("give up"))
    go(tmp_path, works.count_up, counting("give up", seed=1))
    go(tmp_path, works.count_up, counting("give up"), recipe=Recipe("trial", None, "0ther", ()))
    go(tmp_path, works.count_up, counting("give up"), recipe=Recipe("other", None, "c0de", ()))
    folders = unfinished(cache)
    assert [(each / "progress.txt").read_text() for each in folders] == ["line 1"] * 4


def test_a_lasting_verdict_ends_it_too(tmp_path: Path, cache: Path):
    assert go(tmp_path, works.count_up, counting("refuse")) == ("no_face", "")
    assert unfinished(cache) == []


def test_work_that_does_not_resume_gets_no_folder(tmp_path: Path, cache: Path):
    go(tmp_path, works.write_text, Unit("one", spec={"word": "x"}), resumes=False)
    assert not (cache / "unfinished").exists()


def test_progress_made_by_code_that_was_edited_is_forgotten(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its key says the code before; whose it is cannot be known."""
    (tmp_path / "src").mkdir()
    code = tmp_path / "src" / "work.py"
    code.write_text("old = 1\n")
    monkeypatch.setattr(source, "present", lambda: tmp_path / "src")
    recipe = Recipe("trial", None, source.digest(tmp_path, ["src/work.py"]), (),
                    sources=("src/work.py",))  # fmt: skip
    go(tmp_path, works.count_up, counting("give up"), recipe=recipe)
    [folder] = unfinished(cache)
    (folder / "progress.txt").write_text("by\nolder code")
    code.write_text("new = 2\n")
    reason, _ = go(tmp_path, works.count_up, counting("give up"), recipe=recipe)
    assert reason == "code_changed"
    assert unfinished(cache) == []


def test_old_unfinished_work_is_pruned_and_other_work_is_not(tmp_path: Path, cache: Path):
    go(tmp_path, works.count_up, counting("give up"))
    [old] = unfinished(cache)
    go(tmp_path, works.count_up, counting("give up", seed=1))
    [new] = set(unfinished(cache)) - {old}
    long_ago = time.time() - 40 * 86_400
    os.utime(old, (long_ago, long_ago))
    prune(UnitCache(cache), unused_days=30)
    assert unfinished(cache) == [new]


def test_a_dead_link_among_unfinished_work_ends_no_pruning(cache: Path):
    (cache / "unfinished/trial").mkdir(parents=True)
    (cache / "unfinished/trial/x").symlink_to("nowhere")
    prune(UnitCache(cache), unused_days=30)
    prune(UnitCache(cache), unused_days=0)
    assert not (cache / "unfinished/trial/x").is_symlink()


def test_a_folder_that_was_pruned_meanwhile_costs_only_the_time(tmp_path: Path, cache: Path):
    unit = counting("give up")
    for _ in range(2):
        go(tmp_path, works.count_up, unit)
    prune(UnitCache(cache), unused_days=0)
    assert go(tmp_path, works.count_up, unit) == ("out_of_memory", "")
    [folder] = unfinished(cache)
    assert (folder / "progress.txt").read_text() == "line 1"


@pytest.mark.parametrize("harm", ["foreign folder", "foreign file", "link", "link as folder"])
def test_what_somebody_else_may_have_written_is_not_gone_on_with(
    harm: str, tmp_path: Path, cache: Path, give: Give
):
    unit = counting("give up")
    go(tmp_path, works.count_up, unit)
    [folder] = unfinished(cache)
    file = folder / "progress.txt"
    if harm.startswith("foreign"):
        give(file if harm == "foreign file" else folder)
    else:
        place = file if harm == "link" else folder
        place.rename(tmp_path / "elsewhere")
        place.symlink_to(tmp_path / "elsewhere")
    go(tmp_path, works.count_up, unit)
    assert file.read_text() == "line 1"
    assert not folder.is_symlink()


@pytest.mark.parametrize("trusted", [False, True])
def test_workers_know_who_is_trusted(trusted: bool, tmp_path: Path, cache: Path, give_away: Give):
    unit = counting("give up")
    go(tmp_path, works.count_up, unit)
    [folder] = unfinished(cache)
    give_away(folder / "progress.txt")
    settings = LOCAL.model_copy(update={"cache_owners": ["nobody"] if trusted else []})
    go(tmp_path, works.count_up, unit, settings)
    assert (folder / "progress.txt").read_text() == "line 1" + "\nline 2" * trusted


def test_unfinished_work_that_can_neither_be_used_nor_removed_is_told(
    tmp_path: Path, cache: Path, give: Give, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    go(tmp_path, works.count_up, counting("give up"))
    [folder] = unfinished(cache)
    give(folder)
    monkeypatch.setattr(unit_cache, "remove", lambda place: None)
    monkeypatch.setattr(Path, "rename", refuse)
    reason, _ = go(tmp_path, works.count_up, counting("give up"))
    [row] = read_status(tmp_path / "status.parquet")
    assert reason == "refused"
    assert "belongs to nobody" in row.detail
    assert str(cache) not in row.detail, "rows hold no path of this machine"


# ---- What units say -----------------------------------------------------------------------------
@pytest.mark.parametrize(("settings", "number"), [(INLINE, "0"), (LOCAL, "0")])
def test_what_a_unit_says_is_heard_where_the_stage_was_started(
    settings: Settings, number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    said = go(tmp_path, works.tell, Unit("fold 3"), settings, resumes=False)
    assert said == ("", number)
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.endswith("fold 3 is heard")]) == 1


@pytest.mark.parametrize(
    ("name", "number"), [(0, 0), (7, 7), ("3", 3), ("SLURMCluster-0-12", 12), ("other", 0)]
)
def test_workers_are_numbered_by_their_names(
    name: object, number: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DUCHENNE_WORKER_NUMBER", "")
    process.number_worker(name)
    assert process.worker_number() == number


def test_where_there_are_no_workers_the_number_is_0(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DUCHENNE_WORKER_NUMBER", raising=False)
    assert process.worker_number() == 0


@pytest.mark.parametrize("settings", [INLINE, LOCAL])
def test_a_mistake_that_the_user_can_mend_is_told_in_its_own_words(
    settings: Settings, tmp_path: Path
):
    places = Places(tmp_path / "results", "", tmp_path / "status.parquet")
    with pytest.raises(GateError, match="refused"):
        fan_out(
            works.ask_too_much, [Unit("one")], recipe=RECIPE, places=places, settings=settings,
            max_failed=1.0,
        )  # fmt: skip
    [row] = read_status(places.status)
    assert row.detail == "net: heads must divide 256, and 3 does not."
