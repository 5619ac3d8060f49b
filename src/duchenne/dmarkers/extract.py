"""From landmarks to the D-Markers of a clip: signals, smoothing, phases, 225 features."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.dmarkers import blinks as blinking
from duchenne.dmarkers import features, phases, savgol, signals, tukey
from duchenne.dmarkers.blinks import Blink
from duchenne.dmarkers.names import PHASES
from duchenne.dmarkers.phases import Phases
from duchenne.dmarkers.signals import Array, Signal, Signals
from duchenne.face.series import ROUNDING_S, stretches
from duchenne.face.topology import Topology

HALF_S = 0.25  # half width of a local parabola: about Savitzky and Golay's nine frames at 25 fps
# Samples per s of the resampled curves. Counted in frames, durations step by 40 ms at 25 fps, and
# the same smiles at 30, 50 and uneven rates changed by 2 % (durations) to 7 % (speeds), median; on
# this clock both change by about 1 %.
CLOCK_HZ = 100


class Markers(NamedTuple):
    """The D-Markers of a clip of T frames.

    `signals` are smoothed, at the frames. `bounds` (3, 2) are the times in s of the first and last
    sample of onset, apex and offset, NaN for a phase that does not exist.
    """

    signals: Signals
    bounds: Array
    features: Array  # (225,), as names.COLUMNS
    blinks: list[Blink]

    def phase(self, times: Array) -> npt.NDArray[np.str_]:
        """neutral, onset, apex or offset at (T,) s. A moment between the last sample of a phase and
        the first of the next belongs to the earlier one, so no moment within a smile is neutral."""
        found = np.full(len(times), "neutral")
        for name, first in zip(PHASES, self.bounds[:, 0], strict=True):
            found[times >= first - ROUNDING_S] = name
        found[times > np.fmax.reduce(self.bounds[:, 1]) + ROUNDING_S] = "neutral"
        return found


class Curves(NamedTuple):
    """Smoothed signals at K times in s and at the T frames of the clip; NaN in gaps."""

    times: Array  # (K,) s
    values: Array  # (K, S)
    slopes: Array  # (K, S), per s
    at_frames: Array  # (T, S)


def extract(
    xyz: npt.NDArray[np.floating[Any]],
    times: Array,
    *,
    topology: Topology,
    neutral_s: float,
    smoothing: str,
    min_slope: float,
    blinks: str = "bridge",
    legacy_lips: bool = False,
) -> Markers:
    """D-Markers of normalised landmarks (T, N, 3), NaN where there is no face, at (T,) s.

    `blinks` in the signals of the eyelids are kept, or bridged before they are smoothed.
    """
    raw = signals.measure(
        xyz, times, topology=topology, neutral_s=neutral_s, legacy_lips=legacy_lips
    )
    sides = np.column_stack([side for signal in raw for side in signal])
    found_blinks = blinking.find(blinking.apertures(xyz, topology), times)
    if blinks == "bridge":
        sides[:, :2] = blinking.bridge(sides[:, :2], times, found_blinks)
    curves = smooth(sides, times, method=smoothing)
    smile = _signals(curves.values)
    slope = _signals(curves.slopes).lip.mean
    found = phases.find(smile.lip.mean, slope, curves.times, min_slope=min_slope)
    blocks = [features.compute(signal, curves.times, phase) for signal in smile for phase in found]
    bounds = _bounds(found, curves.times)
    return Markers(_signals(curves.at_frames), bounds, np.concatenate(blocks), found_blinks)


def smooth(values: Array, times: Array, *, method: str) -> Curves:
    """Signals (T, S) at (T,) s, smoothed by one of METHODS.

    A sample with a NaN is a gap; each stretch between gaps is smoothed by itself. A signal that is
    NaN throughout (the cheeks, if the landmarks have none) stays so and makes no gaps.
    """
    present = np.isfinite(values).any(axis=0)
    known = np.isfinite(values[:, present]).all(axis=1) & present.any()
    at_frames = np.full_like(values, np.nan)
    gap = np.full((1, values.shape[1]), np.nan)  # one sample, which separates two stretches
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


def _on_a_clock(values: Array, times: Array) -> Curves:
    """At 100 samples per s, so that neither the frame rate nor the times of the frames decide when
    a phase begins."""
    ends = np.round(times[[0, -1]] * CLOCK_HZ, 6)  # 0.28 s are 28.000000000000004 ticks
    at = np.arange(np.ceil(ends[0]), np.floor(ends[1]) + 1.0) / CLOCK_HZ
    at = at if len(at) else times[:1]
    found = savgol.fit(values, times, at=np.concatenate([at, times]), half_s=HALF_S)
    ticks, frames = slice(len(at)), slice(len(at), None)
    return Curves(at, found.value[ticks], found.slope[ticks], found.value[frames])


def _by_frames(values: Array, times: Array) -> Curves:
    slope = savgol.fit(values, times, at=times, half_s=HALF_S).slope
    return Curves(times, values, slope, values)


METHODS: dict[str, Callable[[Array, Array], Curves]] = {
    "savgol": _on_a_clock,
    "4253h": lambda values, times: _by_frames(tukey.smooth(values), times),
    "none": _by_frames,
}


def _signals(columns: Array) -> Signals:
    """Columns (K, 6), the right and left sides of the three signals, by name."""
    pairs = columns.T.reshape(3, 2, -1)
    return Signals(*(Signal(right, left) for right, left in pairs))


def _bounds(found: Phases, times: Array) -> Array:
    none = np.full(2, np.nan)
    return np.array([none if p is None else times[[p.start, p.stop - 1]] for p in found])
