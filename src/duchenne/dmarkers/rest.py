"""The resting face: the frames from which displacements are measured."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.dmarkers.signals import Array, Mouth
from duchenne.face.series import ROUNDING_S, Mask, at_rest, stretches

# In inter-ocular distances. Chosen on seeds 0 to 3 of tests/make/motions.py; shown on others.
_DRIFT = 0.004  # between the halves of a resting stretch; a tenth of a small smile
_NEAR = 0.01  # levels of one rest; a real head's pitch moves the corners by as much
_END_S = 0.2  # at the ends of a clip, which may begin or end on the way up or down
_PARTED = 0.04  # lips further apart than when they are together speak
_OPEN = 0.7  # share of the median opening of the eyes, below which a lid closes


Places = npt.NDArray[np.intp]


class Rest(NamedTuple):
    """Frames (T,) of the resting face and their times in s; NaN and no frames if none is known.

    `kind` is `start` (the face rests from the clip's start), `found` (later), or `none`: no
    stretch is still, or the clip ends lower, so that what was taken is no known rest.
    """

    kind: str
    frames: Mask
    start: float
    end: float


def at_start(known: Mask, times: Array, *, seconds: float) -> Rest:
    """The first `seconds` with a face, as published."""
    return _rest("start", at_rest(known, times, seconds=seconds), times)


def search(mouth: Mouth, lids: Array, known: Mask, times: Array, *, seconds: float) -> Rest:
    """The last `seconds` of the first stretch in which the lip corners are as far in and down as
    they ever stay, with lids open and lips together: the last, so that it does not matter when the
    clip begins. `lids` (T,) is the opening of the eyes."""
    pull = mouth.pull
    if not known.any():
        return _rest("none", known, times)
    first = np.flatnonzero(times + seconds <= times[-1] + ROUNDING_S)
    stop = np.searchsorted(times, times[first] + seconds + ROUNDING_S, side="right")
    whole = _means(known, first, stop) == 1.0
    first, stop = first[whole], stop[whole]
    if not len(first):
        return _rest("none", at_rest(known, times, seconds=seconds), times)
    columns = np.stack([pull, mouth.gap, lids], axis=1)
    level, gap, opening = _means(np.nan_to_num(columns), first, stop).T
    middle = (first + stop + 1) // 2
    halves = _means(np.nan_to_num(pull), first, middle), _means(np.nan_to_num(pull), middle, stop)
    still = np.abs(halves[1] - halves[0]) <= _DRIFT
    still &= opening >= _OPEN * np.median(lids[known])
    still &= gap <= np.percentile(mouth.gap[known], 10.0) + _PARTED
    lowest = level[still].min(initial=np.inf)
    seen = times[known]
    near = times <= seen[0] + _END_S, times >= seen[-1] - _END_S
    ends = [np.median(pull[known & end]) for end in near]
    if min(ends) < lowest - 1.5 * _NEAR:
        return _rest("none", known & near[int(ends[1] < ends[0])], times)
    run = stretches(still & (level <= lowest + _NEAR))[0]
    kind = "start" if first[run.start] == known.argmax() else "found"
    low = np.flatnonzero(level[run] <= level[run].min() + _NEAR / 4.0)
    last = run.start + int(low[-1])
    return _rest(kind, _frames(known, first[last], stop[last]), times)


def _means(values: Array | Mask, first: Places, stop: Places) -> Array:
    """Means of `values` (T, …) over frames `first` to `stop` (W,) each."""
    total = np.concatenate([np.zeros_like(values[:1], float), np.cumsum(values, axis=0)])
    count = np.maximum(stop - first, 1).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray((total[stop] - total[first]) / count)


def _frames(known: Mask, first: int, stop: int) -> Mask:
    inside = np.zeros_like(known)
    inside[first:stop] = True
    return known & inside


def _rest(kind: str, frames: Mask, times: Array) -> Rest:
    at = times[frames]
    return Rest(kind, frames, *((at[0], at[-1]) if len(at) else (np.nan, np.nan)))
