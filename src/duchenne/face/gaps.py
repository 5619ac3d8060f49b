"""Frames without a face: how long they last, and filling those that are short."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

# Frame times are sums of fractions in binary: 0.12 s may come as 0.12000000000000011.
_ROUNDING_S = 1e-6


def fill(values: Array, times: Array, *, max_gap: float) -> tuple[Array, Mask]:
    """`values` (T, …) with short gaps filled, and which frames (T,) were.

    A gap lasts from the last frame that is known to the next one, in s: one lost frame at 25 per s
    is a gap of 0.08 s. It is filled in a straight line over time, or stays NaN as a whole; what is
    missing at either end of a clip always stays NaN.
    """
    known = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    before, after = _neighbours(known)
    inside = ~known & (before >= 0) & (after < len(known))
    lost = np.flatnonzero(inside)
    lost = lost[times[after[lost]] - times[before[lost]] <= max_gap + _ROUNDING_S]
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
    """The longest time without a known frame in s, the ends of the clip included; 0 where none."""
    if known.all():
        return 0.0
    before, after = _neighbours(known)
    last = len(known) - 1
    lost = ~known
    gaps = times[np.minimum(after[lost], last)] - times[np.maximum(before[lost], 0)]
    return float(gaps.max())


def _neighbours(known: Mask) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each frame the last known one up to it (or -1) and the first from it on (or T)."""
    index = np.arange(len(known))
    before = np.maximum.accumulate(np.where(known, index, -1))
    after = np.minimum.accumulate(np.where(known, index, len(known))[::-1])[::-1]
    return before, after
