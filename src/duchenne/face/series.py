"""Values over time with gaps, where no face is known: fill short gaps, measure them, smooth."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

# Tolerance in s for comparing times: sums of binary fractions may differ in their last digits, so
# that 0.12 s comes as 0.12000000000000011.
ROUNDING_S = 1e-6
# Standard deviation in s of the Gaussian weights that smooth a box. From 0.05 to 0.15 the mesh of a
# still head jitters alike, 1 to 4 % less than without smoothing; at 0.15 a head that swings twice a
# second begins to leave its box.
SPREAD = 0.07
_REACH = 3 * SPREAD


def stretches(known: Mask) -> list[slice]:
    """The runs of True in `known` (T,), in order of time."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    return [slice(start, stop) for start, stop in edges.reshape(-1, 2).tolist()]


def at_rest(known: Mask, times: Array, *, seconds: float) -> Mask:
    """The known frames (T,) in the first `seconds` with a known frame, when a face is at rest."""
    if not known.any():
        return known
    return np.asarray(known & (times <= times[known.argmax()] + seconds + ROUNDING_S))


def fill(values: Array, times: Array, *, max_gap: float) -> tuple[Array, Mask]:
    """`values` (T, …) with short gaps filled, and which frames (T,) were filled.

    A gap lasts from the last known frame to the next one, in s: one missing frame at 25 per s is a
    gap of 0.08 s. A gap of up to `max_gap` s is interpolated linearly over time; a longer one stays
    NaN as a whole, and so does what is missing at either end of a clip.
    """
    known = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    before, after = _neighbours(known)
    inside = ~known & (before >= 0) & (after < len(known))
    lost = np.flatnonzero(inside)
    lost = lost[times[after[lost]] - times[before[lost]] <= max_gap + ROUNDING_S]
    filled = np.zeros_like(known)
    filled[lost] = True
    if not len(lost):
        return values, filled
    start, end = before[lost], after[lost]
    share = (times[lost] - times[start]) / (times[end] - times[start])
    share = share.astype(values.dtype).reshape(-1, *[1] * (values.ndim - 1))
    whole = values.copy()
    whole[lost] = values[start] + share * (values[end] - values[start])
    return whole, filled


def longest(known: Mask, times: Array) -> float:
    """The longest time in s without a known frame, the ends of the clip included; 0 if none."""
    if known.all():
        return 0.0
    before, after = _neighbours(known)
    last = len(known) - 1
    lost = ~known
    gaps = times[np.minimum(after[lost], last)] - times[np.maximum(before[lost], 0)]
    return float(gaps.max())


def smoothed(values: Array, times: Array) -> Array:
    """`values` (T, columns) at `times` (T,) s, each stretch without NaN smoothed by itself.

    Each value becomes that of a straight line fitted to its neighbours by least squares, with
    Gaussian weights by distance in time. The window is symmetric, so nothing lags, and a straight
    line stays one up to its ends.
    """
    out = values.copy()
    for stretch in stretches(np.isfinite(values).all(axis=1)):
        out[stretch] = _smoothed(values[stretch], times[stretch])
    return out


def _neighbours(known: Mask) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each frame the last known one up to it (or -1) and the first from it on (or T)."""
    index = np.arange(len(known))
    before = np.maximum.accumulate(np.where(known, index, -1))
    after = np.minimum.accumulate(np.where(known, index, len(known))[::-1])[::-1]
    return before, after


def _smoothed(values: Array, times: Array) -> Array:
    first = np.searchsorted(times, times - _REACH)
    after = np.searchsorted(times, times + _REACH, side="right")
    spans = zip(times, first.tolist(), after.tolist(), strict=True)
    return np.array([_line_at(t, times[a:b], values[a:b]) for t, a, b in spans])


def _line_at(time: float, times: Array, values: Array) -> Array:
    """The weighted least-squares line through `values` (n, columns), at `time`."""
    away = times - time
    weight = np.exp(-0.5 * (away / SPREAD) ** 2)
    mean = weight @ away / weight.sum()
    spread = weight @ (away - mean) ** 2
    level = weight @ values / weight.sum()
    if spread < 1e-12:  # a single frame
        return np.asarray(level)
    slope = (weight * (away - mean)) @ values / spread
    return np.asarray(level - slope * mean)
