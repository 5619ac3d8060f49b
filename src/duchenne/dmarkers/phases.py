"""When a smile rises, stays and falls: onset, apex and offset of the lip signal.

Onset and offset are the ordered pair of runs, one rising and a later falling one, that together
last longest. The same bounds serve all three signals.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.dmarkers.smooth import stretches

Array = npt.NDArray[np.float64]
Signs = npt.NDArray[np.int_]


class Phases(NamedTuple):
    """Samples of each phase, as slices of the smoothed curve; None where it does not exist."""

    onset: slice | None
    apex: slice | None
    offset: slice | None


class _Run(NamedTuple):
    first: int  # sample
    last: int  # sample, one after the last interval
    seconds: float
    height: float

    def pair(self, other: "_Run") -> tuple[float, float]:
        """What an ordered pair is chosen by: length, then amplitude."""
        return round(self.seconds + other.seconds, 9), self.height + other.height


def find(lip: Array, slope: Array, times: Array, *, min_slope: float) -> Phases:
    """Phases of a smoothed lip signal (K,) with its slope (K,) per s, NaN in gaps, at (K,) s.

    It moves where its speed exceeds `min_slope` times the clip's highest speed. With 0 the
    published rule holds: strictly rising or falling from sample to sample.
    """
    moves = _steps(lip) if min_slope == 0 else _slopes(slope, floor=min_slope)
    rises, falls = (list(_runs(moves == sign, lip, times)) for sign in (1, -1))
    pairs = list(_pairs(rises, falls))
    if pairs:
        up, down = max(pairs, key=lambda pair: pair[0].pair(pair[1]))
        return Phases(_samples(up), _between(up, down, lip=lip), _samples(down))
    if rises:
        return Phases(_samples(max(rises, key=_alone)), None, None)
    return Phases(None, None, _samples(max(falls, key=_alone)) if falls else None)


def _pairs(rises: list[_Run], falls: list[_Run]) -> Iterator[tuple[_Run, _Run]]:
    """Each fall with the best rise before it; no other rise could be in the best pair."""
    best = list(accumulate(rises, _better))
    ends = [rise.last for rise in rises]
    for fall in falls:
        before = bisect_right(ends, fall.first)
        if before:
            yield best[before - 1], fall


def _better(one: _Run, other: _Run) -> _Run:
    return max(one, other, key=_alone)


def _alone(run: _Run) -> tuple[float, float]:
    return round(run.seconds, 9), run.height


def _samples(run: _Run) -> slice:
    return slice(run.first, run.last + 1)


def _between(up: _Run, down: _Run, *, lip: Array) -> slice | None:
    """The samples strictly between the end of the onset and the start of the offset, unless none
    of them is known."""
    apex = slice(up.last + 1, down.first)
    return apex if np.isfinite(lip[apex]).any() else None


def _steps(lip: Array) -> Signs:
    """+1, −1 or 0 for each interval, NaN counting as 0."""
    return np.asarray(np.nan_to_num(np.sign(np.diff(lip))), np.int_)


def _slopes(slope: Array, *, floor: float) -> Signs:
    """The same by speed: an interval moves where both its ends do."""
    speed = np.nan_to_num(np.abs(slope))
    moving = np.where(speed > floor * speed.max(initial=0.0), np.sign(slope), 0.0)
    same = moving[1:] == moving[:-1]
    return np.asarray(np.where(same, moving[1:], 0.0), np.int_)


def _runs(here: npt.NDArray[np.bool_], lip: Array, times: Array) -> Iterator[_Run]:
    for run in stretches(here):
        first, last = run.start, run.stop
        yield _Run(first, last, times[last] - times[first], abs(lip[last] - lip[first]))
