"""How fast a face moves, instead of where it is.

A window starts anywhere, so where a face is says little until its rest is known; how it moves tells
an onset wherever it falls.
"""

import numpy as np

from duchenne.training.motion import Array, Values, with_face

_ROUNDING = 1e-6  # share of the time between two frames; frame times are sums of binary fractions


def of(times: Array, values: Values, *, step_s: float) -> Values:
    """(T, …): how far each value goes from half a step before a frame to half a step after.

    Between frames its way is a straight line. Where that half leaves the clip or meets a frame
    without a face, it is cut short; a frame without a face stays NaN.
    """
    ends = [_at(times + side * step_s / 2, times, values) for side in (-1.0, 1.0)]
    before, after = (np.where(np.isnan(end), values, end) for end in ends)
    return np.where(_wide(with_face(values), values), after - before, np.nan).astype(np.float32)


def _at(moments: Array, times: Array, values: Values) -> Values:
    """The values at these moments (T,), or at the clip's nearest end."""
    if len(times) == 1:
        return values.astype(np.float64)
    inside = moments.clip(times[0], times[-1])
    after = np.searchsorted(times, inside).clip(1, len(times) - 1)
    before = after - 1
    share = (inside - times[before]) / (times[after] - times[before])
    share = np.where(np.abs(share - share.round()) < _ROUNDING, share.round(), share)
    parts = [(before, 1.0 - share), (after, share)]
    return np.asarray(sum(_weighted(values[frames], weight) for frames, weight in parts))


def _weighted(values: Values, weight: Array) -> Values:
    """Values by their frames' weights (T,); what has none does not matter, even if missing."""
    wide = _wide(weight, values)
    return np.asarray(np.where(wide > 0.0, values * wide, 0.0))


def _wide(row: Values, values: Values) -> Values:
    """(T,) → (T, 1, …), to go with values (T, …)."""
    return row.reshape(-1, *(1,) * (values.ndim - 1))
