"""From landmarks to the D-Markers of a clip: signals, phases, 225 features."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.dmarkers import features, phases, signals
from duchenne.dmarkers.names import PHASES
from duchenne.dmarkers.phases import Phases
from duchenne.dmarkers.signals import ROUNDING_S, Signal, Signals
from duchenne.dmarkers.smooth import smooth
from duchenne.face.topology import Topology

Array = npt.NDArray[np.float64]


class Markers(NamedTuple):
    """What is known of a clip's smile. `signals` are smoothed, at the frames (T,); `bounds` (3, 2)
    are the first and last moment of onset, apex and offset in s, NaN where there is none."""

    signals: Signals
    bounds: Array
    features: Array  # (225,), as names.COLUMNS

    def phase(self, times: Array) -> npt.NDArray[np.str_]:
        """neutral, onset, apex or offset at (T,) s. A moment between the last sample of a phase and
        the first one of the next belongs to the earlier, so that no smile is neutral within."""
        found = np.full(len(times), "neutral")
        for name, first in zip(PHASES, self.bounds[:, 0], strict=True):
            found[times >= first - ROUNDING_S] = name
        found[times > np.fmax.reduce(self.bounds[:, 1]) + ROUNDING_S] = "neutral"
        return found


def extract(
    xyz: npt.NDArray[np.floating[Any]],
    times: Array,
    *,
    topology: Topology,
    neutral_s: float,
    smoothing: str,
    min_slope: float,
    legacy_lips: bool = False,
) -> Markers:
    """D-Markers of normalised landmarks (T, N, 3), NaN where there is no face, at (T,) s."""
    raw = signals.measure(
        xyz, times, topology=topology, neutral_s=neutral_s, legacy_lips=legacy_lips
    )
    sides = np.column_stack([side for signal in raw for side in signal])
    curves = smooth(sides, times, method=smoothing)
    smile = _signals(curves.values)
    slope = _signals(curves.slopes).lip.mean
    found = phases.find(smile.lip.mean, slope, curves.times, min_slope=min_slope)
    blocks = [features.of(signal, curves.times, phase) for signal in smile for phase in found]
    return Markers(_signals(curves.at_frames), _bounds(found, curves.times), np.concatenate(blocks))


def _signals(columns: Array) -> Signals:
    """Six columns, the sides of the three signals, by name."""
    pairs = columns.T.reshape(3, 2, -1)
    return Signals(*(Signal(right, left) for right, left in pairs))


def _bounds(found: Phases, times: Array) -> Array:
    none = np.full(2, np.nan)
    return np.array([none if p is None else times[[p.start, p.stop - 1]] for p in found])
