"""Smooth a box over time, so that the cut around a face does not tremble with the detector.

Each value becomes that of a straight line through its neighbours, which weigh less the further off
they are in time (a Gaussian of SPREAD s). It looks as far ahead as back, so nothing lags, and a
line stays a line up to its ends. No neighbour beyond a NaN counts: each stretch is smoothed alone.
"""

import numpy as np

from duchenne.face.crop import Array

# s. From 0.05 to 0.15 the mesh of a still head trembles alike, 1 to 4 % less than without; at 0.15
# a head that swings twice a second begins to leave its box.
SPREAD = 0.07
_REACH = 3 * SPREAD


def smoothed(values: Array, times: Array) -> Array:
    """`values` (T, columns) at `times` (T,) s; a row with a NaN is a gap."""
    out = values.copy()
    for stretch in stretches(np.isfinite(values).all(axis=1)):
        out[stretch] = _smoothed(values[stretch], times[stretch])
    return out


def stretches(valid: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[slice]:
    """Where `valid` (T,) is True without a break."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], valid, [False])).astype(np.int8)))
    return [slice(start, stop) for start, stop in edges.reshape(-1, 2).tolist()]


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
