"""One try at one unit, in whatever process it happens to run: cached, limited in time, contained.

A unit's function gets the unit, the recipe and a place for its result, and may do one of three
things: return an Outcome, raise Unusable, or break. Whatever it does becomes an Outcome.
"""

import faulthandler
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from duchenne.errors import Unusable
from duchenne.flow.cache import RESULT, UnitCache
from duchenne.flow.unit import Outcome, Recipe, Unit

Work = Callable[[Unit, Recipe, Path], Outcome]

log = logging.getLogger("duchenne")


@dataclass(frozen=True)
class Task:
    """A unit under its key, ready to be sent to a worker."""

    unit: Unit
    key: str


@dataclass(frozen=True)
class Attempt:
    """How to try a task; frozen and picklable, so that it can be sent with it."""

    work: Work
    recipe: Recipe
    cache: UnitCache
    time_limit: float | None  # seconds; None where the process must not be ended

    def __call__(self, task: Task) -> Outcome:
        kept = self.cache.find(self.recipe.stage, task.key)  # another run may have been quicker
        if kept is not None:
            return kept.outcome
        with self.cache.staging() as staged, _deadline(self.trace(task), self.time_limit):
            outcome = self._work(task.unit, staged / RESULT)
            if outcome.lasting:
                self.cache.keep(self.recipe.stage, task.key, staged, outcome)
        return outcome

    def trace(self, task: Task) -> Path:
        """Where a worker that ran out of time leaves its last words."""
        return self.cache.root / "traces" / f"{task.key}.txt"

    def _work(self, unit: Unit, result: Path) -> Outcome:
        try:
            return self.work(unit, self.recipe, result)
        except Unusable as verdict:
            return Outcome("failed", verdict.reason, verdict.detail, verdict.lasting)
        except MemoryError:
            return Outcome("failed", "out_of_memory", "needs more memory than there is", False)
        except PermissionError as error:
            return Outcome("failed", "unreadable", str(error.strerror), False)
        except Exception as error:
            log.exception("%s: %s broke", self.recipe.stage, unit.name)
            return Outcome("failed", "error", f"{type(error).__name__}: {error}", False)


@contextmanager
def _deadline(trace: Path, limit: float | None) -> Iterator[None]:
    """End this process when the limit passes, even while native code holds the interpreter."""
    if limit is None:
        yield
        return
    trace.parent.mkdir(parents=True, exist_ok=True)
    with trace.open("w", encoding="utf-8") as file:
        faulthandler.dump_traceback_later(limit, exit=True, file=file)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            trace.unlink(missing_ok=True)
