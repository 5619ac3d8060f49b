"""The phases of a smile: onset (rising), apex and offset (falling) of the lip signal.

The same bounds hold for all three signals. `published` is the rule of the papers; `duchenne.
dmarkers.events` finds smiles by level.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.dmarkers.signals import Array
from duchenne.face.series import stretches


class Phases(NamedTuple):
    """Samples of each phase, as slices of the smoothed curve; None if it does not exist."""

    onset: slice | None
    apex: slice | None
    offset: slice | None


class _Run(NamedTuple):
    first: int  # sample
    last: int  # sample at the end of the last interval
    seconds: float
    height: float

    def pair(self, other: "_Run") -> tuple[float, float]:
        """The key by which a pair is chosen: duration, then amplitude."""
        return round(self.seconds + other.seconds, 9), self.height + other.height


def between(lip: Array, times: Array, bounds: Array) -> Phases:
    """The samples of a curve (K,) at (K,) s that lie nearest to the `bounds` (2, 2) of onset and
    offset in s; a phase of which a bound is NaN does not exist."""
    places = [[int(np.abs(times - at).argmin()) if np.isfinite(at) else None for at in pair]
              for pair in bounds]  # fmt: skip
    (rises, tops), (leaves, falls) = places
    if tops is not None and leaves is not None:
        leaves = max(leaves, tops)
    apex = None if tops is None or leaves is None else _apex(lip, tops + 1, leaves)
    return Phases(_span(rises, tops), apex, _span(leaves, falls))


def _span(first: int | None, last: int | None) -> slice | None:
    known = first is not None and last is not None and last > first
    return slice(first, last + 1) if known and last is not None else None


def published(lip: Array, times: Array) -> Phases:
    """Phases of a smoothed lip signal (K,), NaN in gaps, at (K,) s, by the published rule.

    Onset and offset are the pair of a strictly rising run and a later strictly falling one that
    together last longest. Each tremble ends a run: on 48 clips of the demo, each bound lies within
    two frames of the truth in only 8 to 54 % of the clips.
    """
    moves = np.nan_to_num(np.sign(np.diff(lip)))
    rises, falls = (list(_runs(moves == sign, lip, times)) for sign in (1, -1))
    pairs = list(_pairs(rises, falls))
    if pairs:
        up, down = max(pairs, key=lambda pair: pair[0].pair(pair[1]))
        return Phases(_samples(up), _apex(lip, up.last + 1, down.first), _samples(down))
    if rises:
        return Phases(_samples(max(rises, key=_alone)), None, None)
    return Phases(None, None, _samples(max(falls, key=_alone)) if falls else None)


def _pairs(rises: list[_Run], falls: list[_Run]) -> Iterator[tuple[_Run, _Run]]:
    """Each fall with the best rise before it; the best pair is among these."""
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


def _apex(lip: Array, first: int, stop: int) -> slice | None:
    """The samples strictly between onset and offset; None if all of them are NaN."""
    return slice(first, stop) if np.isfinite(lip[first:stop]).any() else None


def _runs(here: npt.NDArray[np.bool_], lip: Array, times: Array) -> Iterator[_Run]:
    for run in stretches(here):
        first, last = run.start, run.stop
        yield _Run(first, last, times[last] - times[first], abs(lip[last] - lip[first]))
