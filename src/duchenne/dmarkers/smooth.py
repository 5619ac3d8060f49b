"""Smoothing signals with gaps: each stretch without one is smoothed by itself."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.dmarkers import local, tukey

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

HALF_S = 0.25  # of a local parabola: about Savitzky and Golay's nine frames at 25 a second
CLOCK_HZ = 100


class Curves(NamedTuple):
    """Smoothed signals with their speeds: times (K,) s, values and slopes (K, S), NaN in gaps; and
    the values at the T frames, (T, S)."""

    times: Array
    values: Array
    slopes: Array
    at_frames: Array


def _on_a_clock(values: Array, times: Array) -> Curves:
    """A hundred times a second, so that neither the frame rate nor where a frame happens to fall
    decides when a phase begins."""
    ends = np.round(times[[0, -1]] * CLOCK_HZ, 6)  # 0.28 s are 28.000000000000004 ticks
    at = np.arange(np.ceil(ends[0]), np.floor(ends[1]) + 1.0) / CLOCK_HZ
    at = at if len(at) else times[:1]
    found = local.fit(values, times, at=np.concatenate([at, times]), half_s=HALF_S)
    ticks, frames = slice(len(at)), slice(len(at), None)
    return Curves(at, found.value[ticks], found.slope[ticks], found.value[frames])


def _by_frames(values: Array, times: Array) -> Curves:
    slope = local.fit(values, times, at=times, half_s=HALF_S).slope
    return Curves(times, values, slope, values)


METHODS: dict[str, Callable[[Array, Array], Curves]] = {
    "savgol": _on_a_clock,
    "4253h": lambda values, times: _by_frames(tukey.smooth(values), times),
    "none": _by_frames,
}


def smooth(values: Array, times: Array, *, method: str) -> Curves:
    """Signals (T, S) at (T,) s, smoothed; nothing crosses a sample in which one of them is NaN.

    A signal that is NaN throughout (cheeks, of landmarks without any) stays so, and the others do
    not mind.
    """
    present = np.isfinite(values).any(axis=0)
    known = np.isfinite(values[:, present]).all(axis=1) & present.any()
    at_frames = np.full_like(values, np.nan)
    gap = np.full((1, values.shape[1]), np.nan)  # a sample that nothing gets across
    pieces = []
    for run in stretches(known):
        done = METHODS[method](values[run], times[run])
        at_frames[run] = done.at_frames
        pieces.append(done)
        if run.stop < len(times):
            pieces.append(Curves(times[run.stop : run.stop + 1], gap, gap, gap))
    if not pieces:
        return Curves(times[:0], gap[:0], gap[:0], at_frames)
    of_time, values, slopes, _ = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return Curves(of_time, values, slopes, at_frames)


def stretches(known: Mask) -> Iterator[slice]:
    """The runs of True, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        yield slice(int(start), int(end))
