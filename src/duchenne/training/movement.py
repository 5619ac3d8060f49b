"""How a face moves, instead of how it looks: the inputs `motion` and `velocity` of window.shows.

A smile moves landmarks by some hundredths of the distance between the eyes, and faces differ by ten
times as much: of a few dozen people a network learns the people. Of pictures the same holds.

`motion` is how far a face has moved since it was at rest. `velocity` is how fast it moves: a window
starts anywhere, so where a face is says little until its rest is known, while its velocity shows an
onset wherever it falls.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from duchenne.config.training import Window
from duchenne.face import series

Array = npt.NDArray[np.float64]
Values = npt.NDArray[Any]  # (T, …) of each frame, NaN where there is no face

STILL = 128.0  # the grey level, of 255, where nothing changes
_STRONG = 32.0  # levels for a change as large as the scale; four times as much is black or white
_ROUNDING = (
    1e-6  # frame times are sums of fractions in binary; as a share of the time between two frames
)


def measure(times: Array, values: Values, window: Window) -> Values:
    """(T, …) → (T, …): the motion or velocity of values of each frame, as `window.shows` asks."""
    if window.shows == "motion":
        return from_rest(times, values, neutral_s=window.neutral_s)
    return velocity(times, values, step_s=1.0 / window.fps)


def scale_of(movements: Iterable[Values]) -> float:
    """Root mean square of all values in all frames with a face; 1 if nothing moves.

    Movements are divided by it, to be as large as other inputs. It is a statistic, so it is taken
    from training clips alone.
    """
    squares, count = 0.0, 0
    for movement in movements:
        known = movement[with_face(movement)]
        squares += float(np.square(known, dtype=np.float64).sum())
        count += known.size
    return float(np.sqrt(squares / count)) if squares else 1.0


def from_rest(times: Array, values: Values, *, neutral_s: float) -> Values:
    """(T, …): each value minus its value at rest."""
    return np.asarray(values - at_rest(times, values, neutral_s=neutral_s), np.float32)


def at_rest(times: Array, values: Values, *, neutral_s: float) -> Values:
    """The median of each value in the first `neutral_s` s with a face; NaN if there is none."""
    seen = with_face(values)
    if not seen.any():
        return np.full_like(values[0], np.nan)
    return np.asarray(np.median(values[series.at_rest(seen, times, seconds=neutral_s)], axis=0))


def with_face(values: Values) -> npt.NDArray[np.bool_]:
    """(T,): which frames have all their values."""
    return np.asarray(np.isfinite(values).reshape(len(values), -1).all(axis=1))


def velocity(times: Array, values: Values, *, step_s: float) -> Values:
    """(T, …): how far each value goes from half a step before a frame to half a step after.

    Values between frames are interpolated linearly. A half that leaves the clip or meets a frame
    without a face ends at the frame itself; a frame without a face stays NaN.
    """
    ends = [_value_at(times + side * step_s / 2, times, values) for side in (-1.0, 1.0)]
    before, after = (np.where(np.isnan(end), values, end) for end in ends)
    return np.where(_broadcast(with_face(values), values), after - before, np.nan).astype(
        np.float32
    )


def _value_at(moments: Array, times: Array, values: Values) -> Values:
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
    """Values by their frames' weights (T,); a value of weight 0 may be NaN."""
    weights = _broadcast(weight, values)
    return np.asarray(np.where(weights > 0.0, values * weights, 0.0))


def _broadcast(row: Values, values: Values) -> Values:
    """(T,) → (T, 1, …), to go with values (T, …)."""
    return row.reshape(-1, *(1,) * (values.ndim - 1))


def picture(movement: Values, *, scale: float) -> npt.NDArray[np.uint8]:
    """Movements (T, H, W, C), in levels of 255 → chips: `STILL` where nothing changes, lighter or
    darker where something does, and zeros where there is no face."""
    seen = with_face(movement)[:, None, None, None]
    levels = np.rint(STILL + _STRONG / scale * movement).clip(0.0, 255.0)
    return np.where(seen, levels, 0.0).astype(np.uint8)
