"""Map a function over units, and turn each outcome into a status row and a result.

Results that the unit cache holds are linked into place without a worker. The other units go to the
engine; a unit whose worker died is tried once more. A bad unit becomes a status row and stops
nothing; at the end the gate fails the stage if too many units failed.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from duchenne.errors import StageError, listed
from duchenne.flow import engine, gate, progress
from duchenne.flow.attempt import Attempt, Task, Work
from duchenne.flow.cache import UnitCache
from duchenne.flow.entry import Entry
from duchenne.flow.settings import Settings, cache_folder, cores
from duchenne.flow.unit import Outcome, Recipe, Status, StatusRow, Unit, digest

log = logging.getLogger("duchenne")


@dataclass(frozen=True)
class Places:
    """Where a stage writes its results and its status table."""

    results: Path  # a folder: results/<unit><suffix>
    suffix: str
    status: Path

    def of(self, unit: str) -> Path:
        return self.results / f"{unit}{self.suffix}"


def fan_out(
    work: Work,
    units: Sequence[Unit],
    *,
    recipe: Recipe,
    places: Places,
    settings: Settings,
    max_failed: float,
    earlier: Sequence[StatusRow] = (),
    resumes: bool = False,
) -> list[StatusRow]:
    """Do all units; write results and the status table; raise GateError if too many failed.

    `earlier` are the rows of units that failed in an earlier stage; they are copied to the table.
    Work that `resumes` continues where a killed process stopped.
    """
    cache = UnitCache(cache_folder(), settings.owners())
    cache.prepare()
    _start_anew(units, places)
    with cache.staging() as traces:
        attempt = Attempt(work, recipe, cache, traces, settings.time_limit, resumes)
        outcomes = _outcomes(attempt, units, places, settings)
    cache.sweep()
    _advise(outcomes, recipe.stage)
    rows = [StatusRow(u.name, *_verdict(outcomes[u.name]), recipe.stage) for u in units]
    rows = sorted([*rows, *earlier], key=lambda row: row.unit)
    gate.write_status(places.status, rows, recipe)
    gate.judge(rows, stage=recipe.stage, max_failed=max_failed)
    return rows


def _start_anew(units: Sequence[Unit], places: Places) -> None:
    """Remove the results of an earlier run, as dvc does before it starts a stage."""
    twice = [name for name, count in Counter(unit.name for unit in units).items() if count > 1]
    if twice:
        raise StageError(f"several units have one name and would overwrite each other: {twice}")
    if places.results.exists():
        shutil.rmtree(places.results)
    places.results.mkdir(parents=True)


def _outcomes(
    attempt: Attempt, units: Sequence[Unit], places: Places, settings: Settings
) -> dict[str, Outcome]:
    tally = progress.Tally(attempt.recipe.stage, len(units))
    outcomes: dict[str, Outcome] = {}
    with progress.show(tally) as view:
        waiting = []
        for task, kept in _known(attempt, units, places):
            if kept is None:
                waiting.append(task)
            else:
                outcomes[task.unit.name] = kept
                tally.count(failed=kept.status == "failed", cached=True)
                view.update()
        for task, outcome in _computed(attempt, waiting, settings, hear=view.say):
            outcomes[task.unit.name] = _placed(attempt, task, outcome, places)
            tally.count(failed=outcome.status == "failed", cached=False)
            view.update()
    return outcomes


def _known(
    attempt: Attempt, units: Sequence[Unit], places: Places
) -> Iterator[tuple[Task, Outcome | None]]:
    """Each unit's task, with its outcome where the cache has it (its result is linked then)."""
    remarks: list[str] = []

    def look(unit: Unit) -> tuple[Task, Outcome | None]:
        task = Task(unit, attempt.recipe.key(unit, _digests(unit)))
        entry = attempt.cache.find(attempt.recipe.stage, task.key, remark=remarks.append)
        if entry is None or not _place(entry, places.of(unit.name)):
            return task, None
        return task, entry.outcome

    with ThreadPoolExecutor(
        cores()
    ) as pool:  # a thread pool: hashing releases the interpreter lock
        yield from pool.map(look, units)
    _remark(remarks, attempt.recipe.stage)


def _remark(remarks: Sequence[str], stage: str) -> None:
    """Log one line about all entries that the cache has removed, which may be many."""
    for remark in remarks:
        log.debug("removed from the unit cache: %s", remark)
    if remarks:
        text = "%s: %d units in the cache may not be used, and are computed again: %s"
        log.warning(text, stage, len(remarks), listed(remarks, shown=1))


def _place(entry: Entry, destination: Path) -> bool:
    """Link a result to its path; False where `prune` has just removed it."""
    try:
        entry.place(destination)
    except FileNotFoundError:
        return False
    return True


def _digests(unit: Unit) -> tuple[str, ...]:
    return tuple(given.sha256 or _digest(given.path) for given in unit.inputs)


def _digest(path: Path) -> str:
    try:
        return digest(path)
    except OSError as error:
        raise StageError(
            f"{path} cannot be read ({error.strerror}); `dvc repro` makes what is missing"
        ) from None


def _computed(
    attempt: Attempt, tasks: Sequence[Task], settings: Settings, *, hear: Callable[[str], None]
) -> Iterator[tuple[Task, Outcome]]:
    """Run tasks and yield their outcomes; a task whose worker died is tried a second time."""
    if not tasks:
        return
    again: list[Task] = []
    with engine.start(settings, attempt, tasks=len(tasks), hear=hear) as place:
        if not place.limits_time:
            attempt = replace(attempt, time_limit=None)
        for task, outcome in place.run(attempt, tasks):
            ended = outcome or attempt.timed_out(task)
            if ended is None:
                again.append(task)
            else:
                yield task, ended
        for suspect in again:  # one at a time, so that no unit fails by another's fault
            for task, outcome in place.run(attempt, [suspect]):
                yield task, outcome or attempt.timed_out(task) or _death()


def _death() -> Outcome:
    detail = "the process working on it died twice: a crash in native code, or out of memory"
    return Outcome("failed", "worker_died", detail, lasting=False)


def _placed(attempt: Attempt, task: Task, outcome: Outcome, places: Places) -> Outcome:
    """Link a new result to its path."""
    if outcome.lasting:
        entry = attempt.cache.find(attempt.recipe.stage, task.key, fresh=True)
        if entry is None or not _place(entry, places.of(task.unit.name)):
            return Outcome("failed", "result_lost", "the unit cache has lost the result", False)
    return outcome


def _verdict(outcome: Outcome) -> tuple[Status, str, str]:
    return outcome.status, outcome.reason, outcome.detail


def _advise(outcomes: Mapping[str, Outcome], stage: str) -> None:
    """Say how to retry units that may succeed next time: DVC does not rerun a finished stage."""
    passing = [name for name, outcome in outcomes.items() if not outcome.lasting]
    if passing:
        log.warning(
            "%s: %d units failed for reasons that may pass (%s); "
            "`dvc repro --force --single-item %s` tries them again",
            *(stage, len(passing), ", ".join(passing[:5]), stage),
        )
