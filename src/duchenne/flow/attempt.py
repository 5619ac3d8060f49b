"""One attempt at one unit, in any process: cached, limited in time, with all errors caught.

A unit's function gets the unit, the recipe and the path for its result. It returns an Outcome,
raises Unusable, or fails with another error; each of these becomes an Outcome. A function that
`resumes` also gets a folder that outlives its process, for what it has done so far.
"""

import errno
import faulthandler
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from duchenne.errors import DuchenneError, Unusable
from duchenne.flow import source
from duchenne.flow.cache import UnitCache
from duchenne.flow.entry import RESULT
from duchenne.flow.unit import Outcome, Recipe, Unit

Work = Callable[..., Outcome]  # (unit, recipe, result) or (unit, recipe, result, unfinished)

log = logging.getLogger("duchenne")

_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class Task:
    """A unit under its key, ready to be sent to a worker."""

    unit: Unit
    key: str


@dataclass(frozen=True)
class Attempt:
    """How to attempt a task; frozen and picklable, since it is sent to workers with the task."""

    work: Work
    recipe: Recipe
    cache: UnitCache
    traces: Path  # a folder of this run, for the tracebacks of workers that ran out of time
    time_limit: float | None  # seconds; None where the process must not be ended
    resumes: bool = False

    def __call__(self, task: Task) -> Outcome:
        try:
            return self.timed_out(task) or self._known(task) or self._done(task)
        except DuchenneError as mistake:
            return Outcome("failed", "refused", str(mistake), lasting=False)
        except Exception as error:
            log.exception("%s: %s broke", self.recipe.stage, task.unit.name)
            return _breakdown(error)

    def timed_out(self, task: Task) -> Outcome | None:
        """The outcome of a task whose worker was ended by the time limit; None for all others."""
        trace = self._trace(task)
        text = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
        if not text:
            return None
        log.warning("%s: %s ran out of time here:\n%s", self.recipe.stage, task.unit.name, text)
        detail = f"not done after {self.time_limit:g} s (time_limit in engine.yaml)"
        return Outcome("failed", "timeout", detail, lasting=False)

    def _known(self, task: Task) -> Outcome | None:
        """The outcome that another run has cached meanwhile."""
        entry = self.cache.find(self.recipe.stage, task.key)
        return None if entry is None else entry.outcome

    def _done(self, task: Task) -> Outcome:
        with self.cache.staging() as staged, _deadline(self._trace(task), self.time_limit):
            started = time.monotonic()
            outcome = self._worked(task, staged / RESULT)
            outcome = replace(outcome, clock={"unit": time.monotonic() - started, **outcome.clock})
            if outcome.lasting and not self._same_code():
                # The progress so far may be of either version of the code.
                self.cache.forget_unfinished(self.recipe.stage, task.key)
                detail = "the code was edited while this unit was at work; run again"
                return Outcome("failed", "code_changed", detail, lasting=False)
            if outcome.lasting:
                self.cache.keep(self.recipe.stage, task.key, staged, outcome)
                self.cache.forget_unfinished(self.recipe.stage, task.key)
        return outcome

    def _worked(self, task: Task, result: Path) -> Outcome:
        places = [result]
        if self.resumes:
            places.append(self.cache.unfinished(self.recipe.stage, task.key))
        try:
            return self.work(task.unit, self.recipe, *places)
        except Unusable as verdict:
            return Outcome("failed", verdict.reason, verdict.detail, verdict.lasting)

    def _same_code(self) -> bool:
        """Whether the code on disk is still that of the unit's key, and so the one loaded here."""
        recipe = self.recipe
        if not recipe.sources:
            return True
        return source.digest(source.present().parent, recipe.sources) == recipe.code

    def _trace(self, task: Task) -> Path:
        return self.traces / f"{task.key}.txt"


def _breakdown(error: Exception) -> Outcome:
    """The outcome for a fault of the machine or of our code. It names no path: status rows are part
    of a result, and results are equal on all machines."""
    if isinstance(error, MemoryError):
        return Outcome("failed", "out_of_memory", "needs more memory than there is", False)
    if isinstance(error, OSError):
        full = error.errno in _FULL or "No space left" in str(error)
        text = error.strerror or type(error).__name__
        return Outcome("failed", "disk_full" if full else "error", text, lasting=False)
    return Outcome("failed", "error", f"{type(error).__name__}, see the log", lasting=False)


@contextmanager
def _deadline(trace: Path, limit: float | None) -> Iterator[None]:
    """End this process when the limit passes, even while native code holds the interpreter lock.

    faulthandler has one timer per process, which is enough: a worker runs one unit at a time.
    """
    if limit is None:
        yield
        return
    with trace.open("w", encoding="utf-8") as file:
        faulthandler.dump_traceback_later(limit, exit=True, file=file)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            trace.unlink(missing_ok=True)
