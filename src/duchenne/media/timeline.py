"""The presentation times of frames, and which frames to keep at a lower frame rate.

Times are computed as fractions, so that they do not depend on the time base of the file.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import ceil
from typing import TypeVar

T = TypeVar("T")


class Timeline:
    """Presentation times in s that start at 0 and strictly increase.

    A timestamp that is missing or not later than the one before is replaced by the one before plus
    `step`, the nominal interval in s, and counted in `repaired`.
    """

    def __init__(self, step: Fraction) -> None:
        self.repaired = 0
        self.skipped = 0  # number of frames missing in gaps
        self._steady = self._intervals = 0
        self._step = step
        self._origin: Fraction | None = None
        self._last = Fraction(0)

    @property
    def last(self) -> float:
        """Time of the latest frame in s."""
        return float(self._last)

    def place(self, stamp: Fraction | None) -> float:
        """Time in s of the next frame, whose timestamp in the file is `stamp` (s, any origin)."""
        if self._origin is None:
            self._origin = Fraction(0) if stamp is None else stamp
            self.repaired += stamp is None
            return 0.0
        time = None if stamp is None else stamp - self._origin
        if time is None or time <= self._last:
            time = self._last + self._step
            self.repaired += 1
        self._note(time - self._last)
        self._last = time
        return float(time)

    @property
    def is_steady(self) -> bool:
        """Whether nine intervals in ten are nominal, so that gaps are lost frames."""
        return 10 * self._steady >= 9 * self._intervals

    def _note(self, interval: Fraction) -> None:
        frames = max(1, round(interval / self._step))
        self._intervals += 1
        self._steady += abs(interval - self._step) * 10 < self._step
        self.skipped += frames - 1


def tick_of(time: float, fps: float) -> int:
    """The nearest tick of a clock of `fps` Hz; halfway the earlier one, or every clip of 50 frames
    per s would end one tick later."""
    return ceil(time * fps - 0.5 - 1e-6)  # a millionth, since 0.46 is not exact in binary


def thin(moments: Iterable[T], *, fps: float, time: Callable[[T], float]) -> Iterator[T]:
    """At most `fps` moments per s, chosen by time and never repeated.

    Of the moments whose nearest tick is the same, the one nearest to it is kept. Only one is held
    in memory.
    """
    tick, kept = None, None
    for moment in moments:
        now = tick_of(time(moment), fps)
        if kept is not None and now != tick:
            yield kept
            kept = None
        if kept is None or abs(time(moment) - now / fps) < abs(time(kept) - now / fps):
            tick, kept = now, moment
    if kept is not None:
        yield kept
