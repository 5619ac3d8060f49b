"""How much landmarks tremble from frame to frame, apart from how the face moves."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

# The median of |x| for normal noise of spread 1.
_MEDIAN_OF_NORMAL = 0.6744897501960817


def jitter(xyz: Array, times: Array) -> float:
    """Spread of the noise of points (T, K, 3) at (T,) s, in their own unit; NaN = not known.

    Each frame is held against the straight line in time through its two neighbours, which a slow
    movement follows and noise does not. Medians over time keep a smile, a blink or a turn of the
    head, which bend that line for a few frames, out of it; x and y alone are asked, since depth is
    the mesh's guess. NaN without three frames in a row.
    """
    xy = xyz[..., :2].astype(np.float64)
    share = ((times[1:-1] - times[:-2]) / (times[2:] - times[:-2]))[:, None, None]
    bend = xy[1:-1] - (1.0 - share) * xy[:-2] - share * xy[2:]
    bend = bend / np.sqrt(1.0 + share**2 + (1.0 - share) ** 2)  # the noise of all three is in it
    bend = bend[np.isfinite(bend).all(axis=(1, 2))]
    if not len(bend):
        return float("nan")
    spread = np.median(np.abs(bend), axis=0) / _MEDIAN_OF_NORMAL
    return float(np.sqrt(np.square(spread).mean()))
