"""A clip as one row of numbers, for what is fitted to rows; NaN where there is no value."""

import numpy as np
import numpy.typing as npt

from duchenne.training.motion import Array, at_rest


def duration(times: Array) -> Array:
    """(1,) s from the first frame to the last."""
    return np.array([times[-1] - times[0]], np.float64)


def first_frame(times: Array, xyz: npt.NDArray[np.float32], *, neutral_s: float) -> Array:
    """(3N,): x, y, z of each landmark at rest, its median in the first `neutral_s` s with a face,
    of (T, N, 3)."""
    return at_rest(times, xyz.astype(np.float64), neutral_s=neutral_s).ravel()


def dmarkers(markers: Array) -> Array:
    """(225,) as they are: whoever fits scales them, by training clips."""
    return np.asarray(markers, np.float64)


def nothing() -> Array:
    """(0,), for what judges a clip without a look."""
    return np.zeros(0)
