"""The 25 features of one signal in one phase, in true time.

They are sums over the intervals between samples. An interval rises or falls by the sign of its
difference, and its values are those at its end. So durations add up at any frame rate.
"""

from typing import NamedTuple

import numpy as np

from duchenne.dmarkers.names import FEATURES
from duchenne.dmarkers.signals import Array, Signal

ABSENT = np.full(len(FEATURES), np.nan)


class _Intervals(NamedTuple):
    """The K intervals of a phase, without those next to a gap; (K,) each."""

    seconds: Array
    level: Array  # D
    side: Array  # D_left - D_right
    speed: Array  # V
    acceleration: Array  # A, NaN if the interval before is missing
    between: Array  # s from the middle of the interval before to that of this one


def compute(signal: Signal, times: Array, samples: slice | None) -> Array:
    """The features (25,) of a smoothed signal in a phase, in the order of `names.FEATURES`.

    `samples` are those of the phase; None if it does not exist. All features are NaN if the phase
    does not exist or the signal is unknown in it. Else, if nothing rises (or falls), its durations
    and totals are 0 and its means and maxima NaN.
    """
    if samples is None:
        return ABSENT
    level = signal.mean[samples]
    if not np.isfinite(level).any():
        return ABSENT
    steps = _intervals(level, (signal.left - signal.right)[samples], times[samples])
    up, down = steps.speed > 0.0, steps.speed < 0.0
    area = steps.level * steps.seconds
    dur, rise, fall = (float(steps.seconds[part].sum()) for part in (slice(None), up, down))
    total_rise, total_fall = float(area[up].sum()), float(np.abs(area[down]).sum())
    net, both = total_rise - total_fall, total_rise + total_fall
    mean = _ratio(float(area.sum()), dur)
    spread = _ratio(float((np.square(steps.level - mean) * steps.seconds).sum()), dur)
    found = (
        *(rise, fall, dur, _ratio(rise, dur), _ratio(fall, dur)),
        *(float(np.nanmax(level)), mean, _ratio(total_rise, rise), _ratio(total_fall, fall)),
        *(float(np.sqrt(spread)), total_rise, total_fall, net),
        *(_ratio(total_rise, both), _ratio(total_fall, both)),
        *_motion(steps.speed, steps.seconds),
        *_motion(steps.acceleration, steps.between),
        *(_ratio(net, dur), _ratio(float((steps.side * steps.seconds).sum()), dur)),
    )
    return np.array(found)


def _intervals(level: Array, side: Array, times: Array) -> _Intervals:
    seconds = np.diff(times)
    speed = np.diff(level) / seconds
    between = np.full_like(seconds, np.nan)
    acceleration = np.full_like(seconds, np.nan)
    between[1:] = (seconds[1:] + seconds[:-1]) / 2.0
    acceleration[1:] = np.diff(speed) / between[1:]
    whole = np.isfinite(speed)
    columns = (seconds, level[1:], side[1:], speed, acceleration, between)
    return _Intervals(*(column[whole] for column in columns))


def _motion(values: Array, weights: Array) -> tuple[float, float, float, float]:
    """Maximum of the positive values and of the negative ones' magnitudes, then both weighted
    means; the order of `names.FEATURES`."""
    parts = values > 0.0, values < 0.0
    highest = [float(np.abs(values[part]).max()) if part.any() else np.nan for part in parts]
    means = [
        _ratio(float((np.abs(values[part]) * weights[part]).sum()), float(weights[part].sum()))
        for part in parts
    ]
    return highest[0], highest[1], means[0], means[1]


def _ratio(above: float, below: float) -> float:
    return above / below if below else float("nan")
