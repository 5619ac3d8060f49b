"""The rise and the fall of one smile, each judged by its own levels.

A rise begins at 5 % and ends at 95 % of the way from the level before it to the level of the apex
where the apex begins. So neither a speed elsewhere in the clip, nor an apex that drifts, nor rest
that comes back at another level moves its bounds. A fall is a rise in reversed time.
"""

from typing import NamedTuple

import numpy as np

from duchenne.dmarkers import savgol
from duchenne.dmarkers.signals import Array

# Chosen on seeds 0 to 3 of tests/make/motions.py; shown on others.
_LEVEL_S = 0.4  # stretch before a rise and after it whose medians are its levels
_ROUNDING = 0.2  # share of a rise, before and after it, in which it still bends
_DRIFTS = 0.05  # share of the amplitude by which an apex must change to be taken for a line
_FIVE = 0.1892553774377708  # share of a course of least jerk at which it has reached 5 %
_SLOW_S = 0.4  # a rise of this duration, s, is slow enough for a fit
_ROUNDS = 5  # of Gauss and Newton
_FEWEST = 10  # frames
_MISFIT = 2.5  # standard deviations of the noise
_SURE = 4.0  # standard errors that such a change is worth; noise lasts longer than a frame
_SLOW = 0.6  # the stretch is this share of a rise that lasts longer
_SETTLED_S = 0.15  # a level that a clip's end cuts shorter is not known
_STILL = 0.06  # share of the amplitude by which a level may move within that
_LOW = 0.12  # share of the amplitude; a rise that begins above was cut, unless it was still there
_WIDTH = 0.3  # half width of the parabolas around a bound, in durations of the rise
_NARROWEST_S, _WIDEST_S = 0.25, 0.4  # the former as extract.HALF_S
_HOLE_S = 0.1  # longest gap, s, that a bound may lie in


class Curve(NamedTuple):
    """A signal above rest: raw at T frames, and smoothed at K times; no NaN."""

    at: Array  # (T,) s
    raw: Array  # (T,)
    times: Array  # (K,) s
    level: Array  # (K,)
    noise: float  # standard deviation of `raw` about the signal

    def reversed(self) -> "Curve":
        """In reversed time, so that falls are rises."""
        return Curve(
            -self.at[::-1], self.raw[::-1], -self.times[::-1], self.level[::-1], self.noise
        )


class Edge(NamedTuple):
    """Times in s of 5 and 95 % of a rise and the levels below and above; NaN: not in the clip."""

    start: float
    end: float
    low: float
    high: float


def median(values: Array) -> float:
    """The median of some values; np.median takes six times as long for so few."""
    ordered, count = np.sort(values), len(values)
    return float(ordered[(count - 1) // 2] + ordered[count // 2]) / 2.0


def rise(curve: Curve, part: slice, *, opens: bool, closes: bool, rested: bool) -> Edge:
    """The rise to the peak in samples `part` of a curve, which hold one smile.

    `opens` and `closes`: whether the clip begins or ends there; else it is the valley between two
    smiles. `rested`: whether level 0 is a known rest.
    """
    t, y = curve.times[part], curve.level[part]
    peak = int(y.argmax())
    low = 0.0 if opens else float(np.clip(y[0], -0.1 * y[peak], y[peak]))
    middle, until = half(y, low=low)
    spread = curve.noise * np.sqrt(12.0 * median(np.diff(curve.at)))
    apex = _apex(t, y, slice(middle, until), low=low, spread=float(spread))
    begins = _seen_to_begin(t, y, slice(apex.knee, until), apex.high - low) if closes else True
    foot, known = _foot(t, y, middle, low=low, high=apex.high, opens=opens, rested=rested)
    first = _foot_knee(y, middle, low=foot, high=apex.high)
    half_s = np.clip(_WIDTH * (t[apex.knee] - t[first]), _NARROWEST_S, _WIDEST_S)
    near = np.linspace(max(t[0], t[first] - half_s), min(t[-1], t[apex.knee] + half_s), 81)
    fine = savgol.fit(curve.raw[:, None], curve.at, at=near, half_s=half_s).value[:, 0]
    above = fine - foot
    inside = near >= t[middle]
    start = _crossing(near[~inside], above[~inside] - 0.05 * (apex.high - foot), curve.at)
    way = apex.level + apex.slope * (near - t[apex.knee]) - foot
    end = _crossing(near[inside], (above - 0.95 * way)[inside], curve.at)
    start, end = start if known else np.nan, end if begins else np.nan
    if end - start >= _SLOW_S:
        start, end = _least_jerk(curve, t[0], t[_last_high(y, until, foot, apex)], start, end,
                                 drifts=apex.slope != 0.0)  # fmt: skip
    return Edge(start, end, foot, apex.high)


def _last_high(y: Array, until: int, low: float, apex: "_Apex") -> int:
    """The last sample of an apex."""
    high = np.flatnonzero(y[apex.knee : until] - low >= 0.95 * (apex.high - low))
    return apex.knee + int(high[-1]) if len(high) else apex.knee


def _least_jerk(
    curve: Curve, opens: float, closes: float, start: float, end: float, *, drifts: bool
) -> tuple[float, float]:
    """The bounds of the course of least jerk (Flash & Hogan 1985) that fits best to a rise and its
    surroundings between two times, in s, if its misfit is no more than noise; else the bounds as
    they are. Where the noise is small, no course but the true one is taken; where it is large,
    the crossings of two levels are known half as exactly as this fit of all frames."""
    lasts = end - start
    room = max(_LEVEL_S, _SLOW * lasts)
    use = slice(*np.searchsorted(curve.at, [max(opens, start - room), min(closes, end + room)]))
    t, y = curve.at[use], curve.raw[use]
    if len(t) < _FEWEST:
        return start, end
    seconds = lasts / (1.0 - 2.0 * _FIVE)
    first, shortest, longest = start - _FIVE * seconds, 0.5 * seconds, 2.0 * seconds
    height = 1.0
    for _ in range(_ROUNDS):
        share = np.clip((t - first) / seconds, 0.0, 1.0)
        bend = -30.0 * (share * (1.0 - share)) ** 2 / seconds
        columns = [np.ones(len(t)), share**3 * (10.0 - 15.0 * share + 6.0 * share**2),
                   bend, bend * share]  # fmt: skip
        if drifts:
            columns.append(np.maximum(t - first - seconds, 0.0))
        matrix = np.stack(columns)
        normal = matrix @ matrix.T
        normal[np.diag_indices(len(normal))] += 1e-9 * len(t)
        found = np.linalg.solve(normal, matrix @ y)
        height = float(found[1]) or 1e-9
        shift, stretch = np.clip(found[2:4] / height, -0.2 * seconds, 0.2 * seconds)
        first += float(shift)
        seconds = float(np.clip(seconds + stretch, shortest, longest))
    misfit = np.sqrt(np.mean((y - found @ matrix) ** 2))
    if misfit > _MISFIT * curve.noise:
        return start, end
    return first + _FIVE * seconds, first + (1.0 - _FIVE) * seconds


def half(y: Array, *, low: float) -> tuple[int, int]:
    """The samples around the peak, from and up to, that are above half of its height."""
    peak = int(y.argmax())
    under = np.flatnonzero(y < (low + y[peak]) / 2.0)
    place = int(np.searchsorted(under, peak))
    first = int(under[place - 1]) + 1 if place else 0
    return first, int(under[place]) if place < len(under) else len(y)


class _Apex(NamedTuple):
    """Where a rise ends: the sample, and the level there of a line through the apex beyond."""

    knee: int
    level: float
    slope: float  # per s
    high: float


def _apex(t: Array, y: Array, part: slice, *, low: float, spread: float) -> _Apex:
    """`spread`, divided by the root of a stretch in s, is the standard error of the change of a
    line along it."""
    middle, until = part.start, part.stop
    top = float(y[part].max())
    knee = middle + int((y[part] >= low + 0.8 * (top - low)).argmax())
    level, slope = top, 0.0
    for _ in range(2):
        lasts = 2.0 * (t[knee] - t[middle])  # s, the rise
        start = min(t[knee] + _ROUNDING * lasts, max(t[knee], t[until - 1] - _SETTLED_S))
        first, last = np.searchsorted(t[:until], [start, start + max(_LEVEL_S, _SLOW * lasts)])
        at, high = t[first : last + 1][: until - first], y[first : last + 1][: until - first]
        level, slope = _line(at, high, t[knee])
        span = float(at[-1] - at[0]) or np.inf
        least = max(_DRIFTS * (level - low), _SURE * spread / np.sqrt(span))
        if abs(slope) * span < least:
            level, slope = median(high), 0.0
        line = level + slope * (t[part] - t[knee])
        level_at = y[part] - low >= 0.95 * (line - low)
        last_knee, knee = knee, middle + int(level_at.argmax()) if level_at.any() else knee
        level += slope * (t[knee] - t[last_knee])
    return _Apex(knee, level, slope, level)


def _line(t: Array, y: Array, at: float) -> tuple[float, float]:
    """The least-squares line's value at a time and its slope."""
    away = t - t.mean()
    slope = float(away @ y / (away @ away)) if len(t) > 2 else 0.0
    return float(y.mean() + slope * (at - t.mean())), slope


def _seen_to_begin(t: Array, y: Array, apex: slice, height: float) -> bool:
    """Whether a clip that ends with samples `apex` shows that the rise has ended."""
    if apex.stop < len(y):
        return True
    seen = t[apex.stop - 1] - t[apex.start]
    still = np.ptp(y[apex]) <= _STILL * height
    return bool(seen >= _SETTLED_S and (still or seen >= _LEVEL_S))


def _foot(
    t: Array, y: Array, middle: int, *, low: float, high: float, opens: bool, rested: bool
) -> tuple[float, bool]:
    """The level from which the signal rises, and whether the clip shows where it begins."""
    under = np.flatnonzero(y[: middle + 1] <= low + 0.25 * (high - low))
    if not len(under):
        return _stays(t, y, middle, high=high) if opens else (low, True)
    knee, foot = int(under[-1]), low
    for _ in range(2):
        lasts = 2.0 * (t[middle] - t[knee])
        end = max(t[knee] - _ROUNDING * lasts, min(t[knee], t[0] + _SETTLED_S))
        first, last = np.searchsorted(t, [end - max(_LEVEL_S, _SLOW * lasts), end])
        foot = median(y[first : last + 1])
        knee = _foot_knee(y, middle, low=foot, high=high)
    if not opens:
        return foot, True
    if t[knee] - t[0] >= _SETTLED_S and rested:
        return foot, True
    begins = bool((y[: middle + 1] <= 0.05 * high).any())
    return 0.0, begins and rested


def _foot_knee(y: Array, middle: int, *, low: float, high: float) -> int:
    """The last sample up to 5 % before the middle of a rise."""
    below = np.flatnonzero(y[: middle + 1] <= low + 0.05 * (high - low))
    return int(below[-1]) if len(below) else 0


def _stays(t: Array, y: Array, middle: int, *, high: float) -> tuple[float, bool]:
    """A clip that begins well above rest: that is where the rise begins if it was still there."""
    stop = int(np.searchsorted(t, t[0] + 2.0 * _SETTLED_S))
    if stop >= middle or np.ptp(y[:stop]) > _STILL * high:
        return 0.0, False
    return median(y[:stop]), True


def _crossing(t: Array, y: Array, frames: Array) -> float:
    """When a signal (K,) that trembles rises through 0: the middle between its first and its last
    crossing; NaN if there is none, or within a long gap between the `frames`."""
    up = np.flatnonzero((y[:-1] < 0.0) & (y[1:] >= 0.0))
    if not len(up):
        return float("nan")
    ends = [t[k] - y[k] * (t[k + 1] - t[k]) / (y[k + 1] - y[k]) for k in (up[0], up[-1])]
    at = float(np.mean(ends))
    after = int(np.clip(np.searchsorted(frames, at), 1, len(frames) - 1))
    return at if frames[after] - frames[after - 1] <= _HOLE_S else float("nan")
