"""What `window.shows` makes of a clip where it is not to show faces as they are.

The scale, which makes movements as large as other inputs, is a statistic, and so it is taken from
training clips alone.
"""

from collections.abc import Iterable

import numpy as np

from duchenne.config.training import Window
from duchenne.training import motion, velocity
from duchenne.training.motion import Array, Values, with_face


def of(times: Array, values: Values, window: Window) -> Values:
    """(T, …) of each frame, NaN where there is no face → how they move."""
    if window.shows == "motion":
        return motion.of(times, values, neutral_s=window.neutral_s)
    return velocity.of(times, values, step_s=1.0 / window.fps)


def scale(movements: Iterable[Values]) -> float:
    """Root mean square of all values in all frames with a face."""
    squares, count = 0.0, 0
    for movement in movements:
        known = movement[with_face(movement)]
        squares += float(np.square(known, dtype=np.float64).sum())
        count += known.size
    return float(np.sqrt(squares / count)) if squares else 1.0
