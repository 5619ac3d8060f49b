"""Progress of a stage: a live bar in a terminal, a line every few seconds elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

QUIET_SECONDS = 5.0
SILENT_SECONDS = 30.0


@dataclass
class Tally:
    """Counts of one stage's units; `done` includes the failed and the cached ones."""

    stage: str
    total: int
    done: int = 0
    failed: int = 0
    cached: int = 0
    started: float = field(default_factory=time.monotonic)

    def count(self, *, failed: bool, cached: bool) -> None:
        self.done += 1
        self.failed += failed
        self.cached += cached

    def text(self) -> str:
        """`decode 37/48, 1 failed, 10 cached, 12.3/s`"""
        computed, seconds = self.done - self.cached, time.monotonic() - self.started
        parts = [f"{self.done}/{self.total}"]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.cached} cached"] if self.cached else []
        parts += [f"{computed / seconds:.1f}/s"] if computed and seconds > 0 else []
        return ", ".join(parts)


@contextmanager
def show(tally: Tally) -> Iterator["Bar | Lines"]:
    """Show a tally while units come in; call `update()` after each."""
    console = Console(stderr=True)
    view = Bar(tally, console) if console.is_terminal else Lines(tally)
    try:
        yield view
    finally:
        view.close()


class Bar:
    def __init__(self, tally: Tally, console: Console) -> None:
        self._tally = tally
        self._progress = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task(tally.stage, total=tally.total, text=tally.text())
        self._progress.start()

    def update(self) -> None:
        self._progress.update(self._task, completed=self._tally.done, text=self._tally.text())

    def say(self, text: str) -> None:
        self._progress.console.print(f"{self._tally.stage} {text}", highlight=False, markup=False)

    def close(self) -> None:
        self.update()
        self._progress.stop()


class Lines:
    """A line after a unit, at most every 5 s; without units, a line every 30 s."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._last = time.monotonic()
        self._over = threading.Event()
        threading.Thread(target=self._live, daemon=True).start()

    def update(self) -> None:
        if time.monotonic() - self._last >= QUIET_SECONDS:
            self._say("")

    def say(self, text: str) -> None:
        self._last = time.monotonic()
        print(f"{self._tally.stage} {text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        self._over.set()
        self._say(f", {time.monotonic() - self._tally.started:.1f} s")

    def _live(self) -> None:
        while not self._over.wait(1):
            if time.monotonic() - self._last >= SILENT_SECONDS:
                self._say(", still at work")

    def _say(self, more: str) -> None:
        self.say(f"{self._tally.text()}{more}")
