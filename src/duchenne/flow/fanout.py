"""The one mechanism: map a function over units, and turn whatever happens into rows and files.

What the unit cache already holds is linked into place without starting a worker. The rest goes to
the engine; a unit whose worker died is tried once more. A bad unit is a row, never a crash; at the
end the gate decides whether too many of them are bad.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from duchenne.flow import engine, gate, progress
from duchenne.flow.attempt import Attempt, Task, Work
from duchenne.flow.cache import UnitCache
from duchenne.flow.settings import Settings, cache_folder, cores
from duchenne.flow.unit import Outcome, Recipe, Row, Status, Unit, digest

log = logging.getLogger("duchenne")


@dataclass(frozen=True)
class Places:
    """Where a stage's results and rows go."""

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
    earlier: Sequence[Row] = (),
) -> list[Row]:
    """Do all units; write results and the status table; raise GateError if too many failed.

    `earlier` are the rows of units that an earlier stage has given up: they are carried along.
    """
    cache = UnitCache(cache_folder())
    cache.sweep()
    attempt = Attempt(work, recipe, cache, settings.time_limit)
    places.results.mkdir(parents=True, exist_ok=True)
    outcomes = _outcomes(attempt, units, places, settings)
    _advise(outcomes, recipe.stage)
    rows = [Row(u.name, *_verdict(outcomes[u.name]), recipe.stage) for u in units]
    rows = sorted([*rows, *earlier], key=lambda row: row.unit)
    gate.write_status(places.status, rows, recipe)
    gate.judge(rows, stage=recipe.stage, max_failed=max_failed)
    return rows


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
        for task, outcome in _computed(attempt, waiting, settings):
            outcomes[task.unit.name] = _placed(attempt, task, outcome, places)
            tally.count(failed=outcome.status == "failed", cached=False)
            view.update()
    return outcomes


def _known(
    attempt: Attempt, units: Sequence[Unit], places: Places
) -> Iterator[tuple[Task, Outcome | None]]:
    """Each unit's task, with its outcome where the cache has it (its result is linked then)."""

    def look(unit: Unit) -> tuple[Task, Outcome | None]:
        task = Task(unit, attempt.recipe.key(unit, _digests(unit)))
        entry = attempt.cache.find(attempt.recipe.stage, task.key)
        if entry is None:
            return task, None
        entry.place(places.of(unit.name))
        return task, entry.outcome

    with ThreadPoolExecutor(cores()) as pool:  # hashing releases the interpreter lock
        yield from pool.map(look, units)


def _digests(unit: Unit) -> tuple[str, ...]:
    return tuple(
        digest(given.path) if given.sha256 is None else given.sha256 for given in unit.inputs
    )


def _computed(
    attempt: Attempt, tasks: Sequence[Task], settings: Settings
) -> Iterator[tuple[Task, Outcome]]:
    """The outcomes of tasks that must be done; a dead worker's task gets a second try."""
    if not tasks:
        return
    again: list[Task] = []
    with engine.start(settings, tasks=len(tasks)) as place:
        if not place.limits_time:
            attempt = replace(attempt, time_limit=None)
        for task, outcome in place.run(attempt, tasks):
            ended = outcome or _timeout(attempt, task)
            if ended is None:
                again.append(task)
            else:
                yield task, ended
        for suspect in again:  # one at a time, so that none dies of another's fault
            for task, outcome in place.run(attempt, [suspect]):
                yield task, outcome or _timeout(attempt, task) or _death()


def _timeout(attempt: Attempt, task: Task) -> Outcome | None:
    """A worker that ran out of time has left a trace of where it was; other deaths have not."""
    trace = attempt.trace(task)
    words = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
    trace.unlink(missing_ok=True)
    if not words:
        return None
    log.warning("%s: %s ran out of time here:\n%s", attempt.recipe.stage, task.unit.name, words)
    detail = f"not done after {attempt.time_limit:g} s (time_limit in engine.yaml)"
    return Outcome("failed", "timeout", detail, lasting=False)


def _death() -> Outcome:
    detail = "the process working on it died twice: a crash in native code, or out of memory"
    return Outcome("failed", "worker_died", detail, lasting=False)


def _placed(attempt: Attempt, task: Task, outcome: Outcome, places: Places) -> Outcome:
    """Link a fresh result to its place."""
    if outcome.lasting:
        entry = attempt.cache.find(attempt.recipe.stage, task.key)
        if entry is None:
            return Outcome("failed", "result_lost", "the unit cache lost the result", False)
        entry.place(places.of(task.unit.name))
    return outcome


def _verdict(outcome: Outcome) -> tuple[Status, str, str]:
    return outcome.status, outcome.reason, outcome.detail


def _advise(outcomes: Mapping[str, Outcome], stage: str) -> None:
    """DVC remembers a finished stage; say how units that may succeed next time get their chance."""
    passing = [name for name, outcome in outcomes.items() if not outcome.lasting]
    if passing:
        log.warning(
            "%s: %d units failed for reasons that may pass (%s); "
            "`dvc repro --force --single-item %s` tries them again",
            *(stage, len(passing), ", ".join(passing[:5]), stage),
        )
