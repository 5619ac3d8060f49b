"""From landmarks to the D-Markers of a clip: signals, smoothing, phases, 225 features."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.dmarkers import blinks as blinking
from duchenne.dmarkers import events, features, phases, savgol, signals, tukey
from duchenne.dmarkers.blinks import Blink
from duchenne.dmarkers.edges import Curve, median
from duchenne.dmarkers.events import Face, Found
from duchenne.dmarkers.names import PHASES, REGIONS
from duchenne.dmarkers.phases import Phases
from duchenne.dmarkers.rest import Rest, at_start, search
from duchenne.dmarkers.signals import Array, Mouth, Signal, Signals
from duchenne.face.outside import shares
from duchenne.face.series import ROUNDING_S, Mask, stretches
from duchenne.face.topology import Topology

HALF_S = 0.25  # half width of a local parabola: about Savitzky and Golay's nine frames at 25 fps
# Samples per s of the resampled curves. Counted in frames, durations step by 40 ms at 25 fps, and
# the same smiles at 30, 50 and uneven rates changed by 2 % (durations) to 7 % (speeds), median; on
# this clock both change by about 1 %.
CLOCK_HZ = 100


# At the end of a clip or gap the parabola has samples to one side alone, and the error of its slope
# grows to eight times that in the middle. Samples beyond this multiple, some 0.06 s, are absent.
SURE = 3.0
# A region that lies outside the picture in more than this share of the frames is left out as a
# whole; with fewer, these frames are gaps.
OUTSIDE = 0.1


class Markers(NamedTuple):
    """The D-Markers of a clip of T frames.

    `signals` are smoothed, at the frames. `bounds` (3, 2) are the times in s of the first and last
    sample of onset, apex and offset, NaN for a phase that does not exist. They are of the smile
    `chosen`, a place in `smiles.events`; with phases `published` it is None.
    """

    signals: Signals
    bounds: Array
    features: Array  # (225,), as names.COLUMNS
    smiles: Found
    chosen: int | None
    rest: Rest
    blinks: list[Blink]
    absent: tuple[str, ...]  # the REGIONS that lie outside the picture

    @property
    def amplitude(self) -> float:
        """Of the chosen smile, or of the highest pull of the lips, in resting mouth widths."""
        if self.chosen is None:
            return self.smiles.amplitude
        return self.smiles.events[self.chosen].amplitude

    def phase(self, times: Array) -> npt.NDArray[np.str_]:
        """The names of the phases at (T,) s, as `names_at`."""
        return names_at(self.bounds, times)


def names_at(bounds: Array, times: Array) -> npt.NDArray[np.str_]:
    """neutral, onset, apex or offset at (T,) s. A moment between the last sample of a phase and
    the first of the next belongs to the earlier one, so no moment within a smile is neutral."""
    found = np.full(len(times), "neutral")
    for name, first in zip(PHASES, bounds[:, 0], strict=True):
        found[times >= first - ROUNDING_S] = name
    found[times > np.fmax.reduce(bounds[:, 1]) + ROUNDING_S] = "neutral"
    return found


class Curves(NamedTuple):
    """Smoothed signals at K times in s and at the T frames of the clip; NaN in gaps."""

    times: Array  # (K,) s
    values: Array  # (K, S)
    sure: Mask  # (K,), whether their slope is known well enough for features
    at_frames: Array  # (T, S)


def extract(
    xyz: npt.NDArray[np.floating[Any]],
    times: Array,
    *,
    topology: Topology,
    neutral_s: float,
    smoothing: str,
    rest: str = "search",
    rule: str = "events",
    which: str = "largest",
    blinks: str = "bridge",
    legacy_lips: bool = False,
    out: Mask | None = None,
) -> Markers:
    """D-Markers of normalised landmarks (T, N, 3), NaN where there is no face, at (T,) s; `out`
    (T, 3) are the regions that lie outside the picture, as names.REGIONS.

    `rest` is search or start, `rule` of the phases events or published, `which` of several smiles
    largest, first or longest. `blinks` in the signals of the eyelids are kept, or bridged before
    they are smoothed.
    """
    xyz, absent = _measured(xyz, np.zeros((len(xyz), 3), bool) if out is None else out)
    known = np.isfinite(xyz).all(axis=(1, 2)) & (not absent["mouth"])
    mouth = signals.mouth(xyz, topology=topology, legacy_lips=legacy_lips)
    if absent["mouth"]:
        mouth = Mouth(*(np.full_like(values, np.nan) for values in mouth))
    eyelid = signals.openings(xyz, topology=topology)
    if rest == "start":
        resting = at_start(known, times, seconds=neutral_s)
    else:
        lids = np.ones(len(xyz)) if absent["eyes"] else eyelid.mean
        resting = search(mouth, lids, known, times, seconds=neutral_s)
    apertures = blinking.apertures(xyz, topology)
    found_blinks = [] if absent["eyes"] else blinking.find(apertures, times)
    face = Face(mouth, resting, found_blinks)
    raw = signals.measure(xyz, rest=resting.frames, topology=topology, legacy_lips=legacy_lips,
                          eyelid=eyelid)  # fmt: skip
    pull = face.mouth.pull
    sides = np.column_stack([*(side for signal in raw for side in signal), pull])
    for place, region in enumerate(REGIONS):
        sides[:, 2 * place : 2 * place + 2] += np.where(absent[region], np.nan, 0.0)
    if blinks == "bridge":
        sides[:, :2] = blinking.bridge(sides[:, :2], times, found_blinks)
    curves = smooth(sides, times, method=smoothing)
    smile = _signals(np.where(curves.sure[:, None], curves.values, np.nan))
    smiles = _smiles(pull, times, curves, face)
    chosen = events.choose(smiles.events, which) if rule == "events" else None
    if rule == "published":
        found = phases.published(smile.lip.mean, curves.times)
    else:
        bounds = np.full((2, 2), np.nan) if chosen is None else smiles.events[chosen].bounds
        found = phases.between(smile.lip.mean, curves.times, bounds)
    blocks = [features.compute(signal, curves.times, phase) for signal in smile for phase in found]
    return Markers(
        _signals(curves.at_frames),
        _bounds(found, curves.times),
        np.concatenate(blocks),
        smiles,
        chosen,
        face.rest,
        found_blinks,
        tuple(region for region in REGIONS if absent[region]),
    )


def _measured(xyz: npt.NDArray[np.floating[Any]], out: Mask) -> tuple[Any, dict[str, bool]]:
    """Landmarks without the frames in which a region lies outside the picture; and which regions
    do so too often, and are absent in all frames instead."""
    gone = shares(out, np.isfinite(xyz).all(axis=(1, 2))) > OUTSIDE
    lost = out[:, ~gone].any(axis=1)
    absent = dict(zip(REGIONS, gone.tolist(), strict=True))
    return np.where(lost[:, None, None], np.nan, xyz), absent


def _smiles(pull: Array, times: Array, curves: Curves, face: Face) -> Found:
    """The smiles of a clip from the pull of the lip corners, raw (T,) and smoothed."""
    smoothed, at_frames, rest = curves.values[:, -1], curves.at_frames[:, -1], face.rest.frames
    base, width = (median(each[rest]) if rest.any() else np.nan
                   for each in (pull, face.mouth.width))  # fmt: skip
    known, there = np.isfinite(pull), np.isfinite(smoothed)
    away = np.abs(pull - at_frames)[known] / width
    noise = 1.4826 * median(away) if len(away) else np.nan
    curve = Curve(times[known], (pull[known] - base) / width,
                  curves.times[there], (smoothed[there] - base) / width, noise)  # fmt: skip
    return events.find(curve, face, times)


def smooth(values: Array, times: Array, *, method: str) -> Curves:
    """Signals (T, S) at (T,) s, smoothed by one of METHODS.

    A sample with a NaN is a gap; each stretch between gaps is smoothed by itself. A signal that is
    NaN throughout (the cheeks, if the landmarks have none) stays so and makes no gaps.
    """
    present = np.isfinite(values).any(axis=0)
    known = np.isfinite(values[:, present]).all(axis=1) & present.any()
    at_frames = np.full_like(values, np.nan)
    gap = np.full((1, values.shape[1]), np.nan)  # one sample, which separates two stretches
    unsure = np.zeros(1, bool)
    pieces = []
    for run in stretches(known):
        done = METHODS[method](values[run], times[run])
        at_frames[run] = done.at_frames
        pieces.append(done)
        if run.stop < len(times):
            pieces.append(Curves(times[run.stop : run.stop + 1], gap, unsure, gap))
    if not pieces:
        return Curves(times[:0], gap[:0], unsure[:0], at_frames)
    of_time, values, sure, _ = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return Curves(of_time, values, sure, at_frames)


def _on_a_clock(values: Array, times: Array) -> Curves:
    """At 100 samples per s, so that neither the frame rate nor the times of the frames decide when
    a phase begins."""
    ends = np.round(times[[0, -1]] * CLOCK_HZ, 6)  # 0.28 s are 28.000000000000004 ticks
    at = np.arange(np.ceil(ends[0]), np.floor(ends[1]) + 1.0) / CLOCK_HZ
    at = at if len(at) else times[:1]
    found = savgol.fit(values, times, at=np.concatenate([at, times]), half_s=HALF_S)
    ticks, frames = slice(len(at)), slice(len(at), None)
    sure = found.error[ticks] <= SURE * median(found.error[ticks])
    return Curves(at, found.value[ticks], sure, found.value[frames])


def _by_frames(values: Array, times: Array) -> Curves:
    return Curves(times, values, np.ones(len(times), bool), values)


METHODS: dict[str, Callable[[Array, Array], Curves]] = {
    "savgol": _on_a_clock,
    "4253h": lambda values, times: _by_frames(tukey.smooth(values), times),
    "none": _by_frames,
}


def _signals(columns: Array) -> Signals:
    """Columns (K, 6 and more), first the right and left sides of the three signals, by name."""
    pairs = columns.T[:6].reshape(3, 2, -1)
    return Signals(*(Signal(right, left) for right, left in pairs))


def _bounds(found: Phases, times: Array) -> Array:
    none = np.full(2, np.nan)
    return np.array([none if p is None else times[[p.start, p.stop - 1]] for p in found])
