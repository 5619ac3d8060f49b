"""The smiles of a clip: where the lip corners go out and up together and stay for a while."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from duchenne.dmarkers import edges
from duchenne.dmarkers.blinks import Blink
from duchenne.dmarkers.edges import Curve
from duchenne.dmarkers.rest import Rest
from duchenne.dmarkers.signals import Array, Mouth
from duchenne.face.series import ROUNDING_S

# Chosen on seeds 0 to 3 of tests/make/motions.py; shown on others.
FLOOR = 0.04  # least amplitude, resting mouth widths; the demo's smallest smile has 0.065
_NOISES = 4.0  # least amplitude, in standard deviations of the noise of one frame
SPLIT = 0.6  # two smiles if the lips fall below this share of the smaller one between them
_SYLLABLE_S = 0.5  # a smile stays longer above half of its amplitude
_PART_S = 0.35  # what is seen of it, if the clip begins or ends there
# Least displacement of the corners, inter-ocular distances, and in shares of the way outwards.
_OUT, _UP, _WEAKER_SIDE = 0.02, 0.25, 0.2
_TALK = 1.5  # least amplitude of a smile in speech, in that of another
_REVERSALS = 3.0  # per s: lips that part and close as often speak
_PARTING = 0.03  # inter-ocular distances that count as parting or closing


class Event(NamedTuple):
    """A smile: what the clip shows of it (`start` to `end`) and its bounds in s, NaN where the clip
    does not show them. `amplitude` is from rest to the level of the apex, in resting mouth widths,
    `area` the integral of the lips' level above rest, in mouth widths × s."""

    start: float
    end: float
    onset_start: float
    onset_end: float
    offset_start: float
    offset_end: float
    amplitude: float
    area: float
    cut_start: bool
    cut_end: bool
    blink: bool
    speech: bool

    @property
    def bounds(self) -> Array:
        """(2, 2): onset and offset, start and end."""
        return np.array([[self.onset_start, self.onset_end], [self.offset_start, self.offset_end]])


class Face(NamedTuple):
    """What else the face shows: the mouth at T frames, its rest, and blinks."""

    mouth: Mouth
    rest: Rest
    blinks: Sequence[Blink]


class Found(NamedTuple):
    """`amplitude` is that of the highest pull of the lips, whether a smile or not, and `noise` the
    standard deviation of one frame, both in resting mouth widths; NaN if nothing is known."""

    events: tuple[Event, ...]
    amplitude: float
    noise: float


def find(curve: Curve, face: Face, times: Array) -> Found:
    """The smiles of a face at (T,) s whose pull of the lips above rest is `curve`."""
    if len(curve.times) < 2 or len(curve.at) < 2:
        return Found((), float("nan"), float("nan"))
    floor = max(FLOOR, _NOISES * curve.noise)
    parts = _parts(curve.level, floor)
    pulls = [_event(curve, part, face, times) for part in parts]
    highest = max((pull.amplitude for pull, _ in pulls), default=float(curve.level.max()))
    smiles = tuple(
        pull
        for pull, shaped in pulls
        if shaped and pull.amplitude >= floor * (_TALK if pull.speech else 1.0)
    )
    return Found(smiles, highest, curve.noise)


def choose(events: tuple[Event, ...], which: str) -> int | None:
    """The place of the smile that D-Markers are of: `largest` in area, `first` or `longest`."""
    if not events or which == "first":
        return 0 if events else None
    keys = {"largest": lambda e: e.area, "longest": lambda e: e.end - e.start}
    return max(range(len(events)), key=lambda place: keys[which](events[place]))


def _parts(level: Array, floor: float) -> list[slice]:
    """Stretches of samples (K,) with one peak above `floor` each, divided at the valleys."""
    steps = np.sign(np.diff(level, prepend=-np.inf, append=-np.inf))
    maxima = np.flatnonzero((steps[:-1] > 0.0) & (steps[1:] <= 0.0) & (level >= floor))
    peaks: list[int] = []
    valleys: list[int] = []  # between them
    for place in maxima.tolist():
        peak = place
        valley = peaks[-1] + int(level[peaks[-1] : peak].argmin()) if peaks else 0
        while peaks and level[valley] >= SPLIT * min(level[peaks[-1]], level[peak]):
            peak = max(peaks.pop(), peak, key=level.__getitem__)
            if valleys:
                valley = min(valleys.pop(), valley, key=level.__getitem__)
        if peaks:
            valleys.append(valley)
        peaks.append(peak)
    bounds = pairwise([0, *valleys, len(level) - 1])
    return [slice(start, end + 1) for start, end in bounds] if peaks else []


def _event(curve: Curve, part: slice, face: Face, times: Array) -> tuple[Event, bool]:
    """The event in samples `part`, and whether it has the shape of a smile."""
    count = len(curve.times)
    opens, closes = part.start == 0, part.stop == count
    rested = face.rest.kind != "none"
    back = slice(count - part.stop, count - part.start)
    up = edges.rise(curve, part, opens=opens, closes=closes, rested=rested)
    down = edges.rise(curve.reversed(), back, opens=closes, closes=opens, rested=rested)
    t, y = curve.times[part], curve.level[part]
    high = max(up.high, down.high)
    first, stop = edges.half(y, low=0.0)
    over = t[first:stop]
    start = up.start if np.isfinite(up.start) else _seen(t, y, high, first=True)
    end = -down.start if np.isfinite(down.start) else _seen(t, y, high, first=False)
    inside = (t >= start) & (t <= end)
    event = Event(
        start, end, up.start, up.end, -down.end, -down.start,
        amplitude=high, area=_integral(np.maximum(y[inside], 0.0), t[inside]),
        cut_start=opens and bool(np.isnan(up.start)),
        cut_end=closes and bool(np.isnan(down.start)),
        **_flags(times, face, start, end),
    )  # fmt: skip
    apex = over[y[first:stop] >= 0.8 * y.max()]
    whole = (first > 0 or not opens) and (stop < len(y) or not closes)
    lasts = over[-1] - over[0] >= (_SYLLABLE_S if whole else _PART_S)
    return event, bool(lasts and _pulls(times, face, apex[0], apex[-1]))


def _integral(y: Array, t: Array) -> float:
    return float(((y[1:] + y[:-1]) / 2.0) @ np.diff(t))


def _seen(t: Array, y: Array, high: float, *, first: bool) -> float:
    """The first or last time in s at which the lips are up, for a bound that is not in the clip."""
    up = np.flatnonzero(y >= 0.05 * high)
    return float(t[up[0 if first else -1]]) if len(up) else float(t[0 if first else -1])


def _pulls(at: Array, face: Face, start: float, end: float) -> bool:
    """Whether the corners have gone out and up in an apex, and both of them."""
    apex = (at >= start - ROUNDING_S) & (at <= end + ROUNDING_S) & np.isfinite(face.mouth.gap)
    rest = face.rest.frames
    if not apex.any():
        return False
    out, up = (
        np.median(way[apex], axis=0) - np.median(way[rest], axis=0)
        for way in (face.mouth.out, face.mouth.up)
    )
    sides = out + up
    both = sides.min() >= _WEAKER_SIDE * sides.max()
    return bool(both and out.mean() >= _OUT and up.mean() >= _UP * out.mean())


def _flags(at: Array, face: Face, start: float, end: float) -> dict[str, bool]:
    inside = (at >= start) & (at <= end)
    gap = face.mouth.gap[inside]
    gap = gap[np.isfinite(gap)]
    blink = any(start <= each.shut <= end for each in face.blinks)
    return {"blink": blink, "speech": _reversals(gap) > _REVERSALS * max(end - start, 1.0)}


def _reversals(values: Array) -> int:
    """How often a signal turns round by more than _PARTING."""
    count, way, edge = 0, 0, values[0] if len(values) else 0.0
    for value in values.tolist():
        if (way >= 0 and value < edge - _PARTING) or (way <= 0 and value > edge + _PARTING):
            count, way, edge = count + (way != 0), 1 if value > edge else -1, value
        elif way * (value - edge) > 0.0:
            edge = value
    return count
