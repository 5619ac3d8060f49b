"""Tukey's smoother 4253H, twice: running medians, which remove spikes, then Hanning's average.

Velleman & Hoaglin, Applications, Basics and Computing of Exploratory Data Analysis (1981), ch. 6,
with their rules for the ends. It uses the order of the samples, not their times.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def smooth(values: Array) -> Array:
    """4253H of values (T, S) along the first axis, plus 4253H of the residual ("twicing")."""
    once = _smooth(values)
    return once + _smooth(values - once)


def _smooth(values: Array) -> Array:
    if len(values) < 3:
        return values
    by_three = _ends(_medians(_medians(_pairs_of_fours(values), 5), 3))
    return _hanning(by_three)


def _pairs_of_fours(values: Array) -> Array:
    """Running medians of 4, which lie between samples, then of 2, back at them; ends stay."""
    between = (values[:-1] + values[1:]) / 2.0  # of two at the ends
    if len(values) > 3:
        between[1:-1] = _median(_runs(values, 4))
    inner = (between[:-1] + between[1:]) / 2.0
    return np.concatenate([values[:1], inner, values[-1:]])


def _medians(values: Array, span: int) -> Array:
    """Running medians of an odd span, shorter towards the ends, which stay."""
    done = values.copy()
    if len(values) > 2:
        done[1:-1] = _median(_runs(values, 3))
    if span == 5 and len(values) > 4:
        done[2:-2] = _median(_runs(values, 5))
    return done


def _ends(values: Array) -> Array:
    """Tukey's end-point rule: the median of the end, its neighbour, and the line through the
    second and third sample, extrapolated to one step beyond the end. `values` has the ends as they
    were."""
    done = values.copy()
    for end, next_, third in ((0, 1, 2), (-1, -2, -3)):
        beyond = 3.0 * values[next_] - 2.0 * values[third]
        done[end] = _median(np.stack([values[end], values[next_], beyond], axis=-1))
    return done


def _hanning(values: Array) -> Array:
    inner = (values[:-2] + 2.0 * values[1:-1] + values[2:]) / 4.0
    return np.concatenate([values[:1], inner, values[-1:]])


def _runs(values: Array, span: int) -> Array:
    return np.lib.stride_tricks.sliding_window_view(values, span, axis=0)


def _median(values: Array) -> Array:
    """Median along the last axis; for so few values sorting is much faster than np.median."""
    ordered = np.sort(values, axis=-1)
    half = values.shape[-1] // 2
    if values.shape[-1] % 2:
        return np.asarray(ordered[..., half])
    return np.asarray((ordered[..., half - 1] + ordered[..., half]) / 2.0)
