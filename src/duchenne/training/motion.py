"""How far a face has moved since it was at rest, instead of what it looks like.

A smile moves landmarks by some hundredths of the distance between the eyes, and faces differ by ten
times as much; of a few dozen people a network learns the people. Of pictures the same holds.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Values = npt.NDArray[Any]  # (T, …) of each frame, NaN where there is no face

_ROUNDING_S = 1e-6  # frame times are sums of fractions in binary


def of(times: Array, values: Values, *, neutral_s: float) -> Values:
    """Each value relative to what it is at rest."""
    return np.asarray(values - at_rest(times, values, neutral_s=neutral_s), np.float32)


def at_rest(times: Array, values: Values, *, neutral_s: float) -> Values:
    """The median of each value in the first `neutral_s` s with a face; NaN if there is none."""
    seen = with_face(values)
    if not seen.any():
        return np.full_like(values[0], np.nan)
    early = seen & (times <= times[seen.argmax()] + neutral_s + _ROUNDING_S)
    return np.asarray(np.median(values[early], axis=0))


def with_face(values: Values) -> npt.NDArray[np.bool_]:
    """(T,): which frames have all their values."""
    return np.asarray(np.isfinite(values).reshape(len(values), -1).all(axis=1))
