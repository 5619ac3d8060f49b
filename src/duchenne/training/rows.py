"""A clip as one row of numbers, for what is fitted to rows; NaN where there is no value."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_ROUNDING_S = 1e-6  # frame times are sums of fractions in binary


def duration(times: Array) -> Array:
    """(1,) s from the first frame to the last."""
    return np.array([times[-1] - times[0]], np.float64)


def first_frame(times: Array, xyz: npt.NDArray[np.float32], *, neutral_s: float) -> Array:
    """(3N,): x, y, z of each landmark at rest, its median in the first `neutral_s` s with a face,
    of (T, N, 3)."""
    seen = np.isfinite(xyz).all(axis=(1, 2))
    if not seen.any():
        return np.full(xyz[0].size, np.nan)
    early = seen & (times <= times[seen.argmax()] + neutral_s + _ROUNDING_S)
    return np.asarray(np.median(xyz[early].astype(np.float64), axis=0)).ravel()


def dmarkers(markers: Array) -> Array:
    """(225,) as they are: whoever fits scales them, by training clips."""
    return np.asarray(markers, np.float64)


def nothing() -> Array:
    """(0,), for what judges a clip without a look."""
    return np.zeros(0)
