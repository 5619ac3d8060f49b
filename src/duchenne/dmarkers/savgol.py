"""Local quadratic regression: the smoother of Savitzky and Golay for samples at any times.

Around each query time a parabola is fitted by least squares; its value there is the smoothed signal
and its slope the speed. The windows of Savitzky & Golay (1964) are numbers of samples with equal
weights. Here a window is a span of time with tricube weights (Cleveland 1979), so that clips of 25
and 50 frames per s, and uneven ones, are smoothed alike.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_FEWEST = 5  # samples in a window, if the signal has as many


class Fit(NamedTuple):
    value: Array  # (A, S)
    slope: Array  # (A, S), per second
    error: Array  # (A,), standard error of the slope, in standard deviations of one sample per s


def fit(values: Array, times: Array, *, at: Array, half_s: float) -> Fit:
    """Parabolas fitted to finite values (T, S) at increasing times (T,) s, evaluated at (A,) s.

    A window reaches `half_s` s to each side, or further if that holds fewer than five samples. Two
    samples give a line and one sample a constant.
    """
    if len(times) < 3:
        return _line(values, times, at)
    index, weight = _windows(times, at, half_s)
    step = times[index] - at[:, None]
    base = values[:1]  # subtracted, so that a constant signal stays constant to the last bit
    kernels = np.stack(_kernels(step, weight), axis=1)
    value, slope = np.moveaxis(kernels @ (values - base)[index], 1, 0)
    return Fit(base + value, slope, np.sqrt(np.square(kernels[:, 1]).sum(axis=1)))


def _line(values: Array, times: Array, at: Array) -> Fit:
    slope = (values[-1:] - values[:1]) / ((times[-1] - times[0]) or 1.0)
    error = np.full(len(at), np.sqrt(2.0) / ((times[-1] - times[0]) or np.inf))
    level = values[:1] + (at - times[0])[:, None] * slope
    return Fit(level, np.repeat(slope, len(at), axis=0), error)


def _kernels(step: Array, weight: Array) -> tuple[Array, Array]:
    """Coefficients (A, K) of the samples in each window for the value and for the slope of the
    least-squares parabola: the first two rows of the normal matrix's inverse, by Cramer's rule."""
    m0, m1, m2, m3, m4 = _moments(step, weight)
    whole = m0 * (m2 * m4 - m3 * m3) - m1 * (m1 * m4 - m2 * m3) + m2 * (m1 * m3 - m2 * m2)
    a, b, c = m2 * m4 - m3 * m3, m2 * m3 - m1 * m4, m1 * m3 - m2 * m2
    d, e = m0 * m4 - m2 * m2, m1 * m2 - m0 * m3
    weight = weight / whole
    return (a + step * (b + step * c)) * weight, (b + step * (d + step * e)) * weight


def _moments(step: Array, weight: Array) -> list[Array]:
    """Sums of weight · step⁰ to weight · step⁴, (A, 1) each."""
    moments, power = [], weight
    for _ in range(5):
        moments.append(power.sum(axis=1, keepdims=True))
        power = power * step
    return moments


def _windows(times: Array, at: Array, half_s: float) -> tuple[npt.NDArray[np.intp], Array]:
    """Indices and weights of the samples in each window, (A, K) each; padding has weight 0."""
    count = len(times)
    fewest = min(_FEWEST, count)
    middle = np.searchsorted(times, at) - fewest // 2
    middle = np.clip(middle, 0, count - fewest)
    first = np.searchsorted(times, at - half_s, side="right")
    last = np.searchsorted(times, at + half_s, side="left")
    few = last - first < _FEWEST
    first = np.where(few, np.minimum(first, middle), first)
    last = np.where(few, np.maximum(last, middle + fewest), last)
    places = first[:, None] + np.arange((last - first).max())
    inside = places < last[:, None]
    index = np.minimum(places, count - 1)
    away = np.abs(times[index] - at[:, None])
    furthest = (away * inside).max(axis=1, keepdims=True)
    # Of a few samples each needs a weight above 0, or two samples alone would set the parabola.
    reach = np.where(few[:, None], np.maximum(half_s, 1.05 * furthest), half_s)
    weight = np.where(inside, (1.0 - np.minimum(away / reach, 1.0) ** 3) ** 3, 0.0)
    return index, weight
