"""Blinks: found in the opening between the lids, and bridged in the signals of the eyelids.

In a blink both eyes shut and open again within half a second. A smile narrows the eyes for longer,
and a wink shuts one alone. Smoothing over ½ s leaves 70 % of a blink's depth in an eyelid signal,
so a blink is taken out before. At 25 frames per s no frame need show it at its deepest, so a pulse
is fitted.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.dmarkers.signals import Array
from duchenne.face.topology import Points, Role, Topology, at

# All values here were chosen on the demo's seed 0 and shown on seeds 11 to 13.
#
# The pulses that are tried, in s: how long closing and opening take together, how long the eye
# stays shut, and when, seen from the frame with the least opening. Closing is 40 to 47 % faster
# than opening (Sforza et al. 2008), so it takes 37 % of both. Long ones must fit better: the priors
# are a normal distribution of the logarithm of the duration, and one of the time shut.
_DURATIONS, _USUAL, _SPREAD = (0.14, 0.17, 0.2, 0.245, 0.3, 0.36, 0.44), 0.245, 0.3
_HOLDS, _LONG = (0.0, 0.07, 0.14), 0.03
_STEPS = np.linspace(-0.1, 0.1, 21)
_CLOSING = 0.37
_TRIED = tuple(axis.ravel() for axis in np.meshgrid(_STEPS, _DURATIONS, _HOLDS, indexing="ij"))

_SIDE_S = 0.35  # the eye must have been open within this time before, and after
_AROUND_S = 0.45  # reach of the samples to which the pulse is fitted
_OPEN = 0.3  # and as wide as this share of what it usually is: the clip's 90th percentile
_SHALLOWEST = 0.2  # a dip is a blink if it takes away this share of the opening
# At an end of a clip a smile may be what narrows the eyes: there a blink takes away more,
# and is no longer than most are.
_CUT, _CUT_S = 0.3, 0.32
_SURE = 5.0  # standard errors of the drop
_ONE_EYE = 1 / 3  # the least drop of one eye as a share of the other's; less is a wink
MARGIN_S = 0.05  # bridged on each side of a blink, too


class Blink(NamedTuple):
    """When a blink starts, is deepest and ends, in s; what share of the opening closes, 0 to 1.

    The share is what the landmarks show. The attention mesh shows half of a closure that the demo
    renders (median of seed 0), and 0.73 to 0.96 of four blinks in three films of people.
    """

    start: float
    shut: float
    end: float
    depth: float


class _Fit(NamedTuple):
    """A pulse: its times in s, and of both eyes (2,) the opening without it and the drop, with the
    drop's standard error."""

    start: float
    shut: float
    end: float
    level: Array
    drop: Array
    error: float

    def blinks(self) -> bool:
        small, large = np.sort(self.drop)
        drop, level = self.drop.mean(), self.level.mean()
        deep = 0.0 < _SHALLOWEST * level <= drop and drop >= _SURE * self.error
        return bool(deep and small >= _ONE_EYE * large)

    def fits(self, clock: Array, found: Sequence[Blink]) -> bool:
        """Whether it is apart from other blinks, and short if the clip with frames at (T,) s cuts
        it."""
        whole = clock[0] <= self.start and self.end <= clock[-1]
        apart = all(self.start >= other.end or other.start >= self.end for other in found)
        return bool(apart and (whole or self.end - self.start <= _CUT_S))


def apertures(xyz: Points, topology: Topology) -> Array:
    """Distance of the upper from the lower lid (T, 2) of the right and left eye, in eye widths,
    square to the line between the eye's corners; negative if they cross, NaN where unknown."""
    roles = topology.outer_corners, topology.inner_corners, topology.upper_lids, topology.lower_lids
    right = _opening(xyz, *(role.right for role in roles))
    return np.column_stack([right, _opening(xyz, *(role.left for role in roles))])


def _opening(xyz: Points, outer: Role, inner: Role, upper: Role, lower: Role) -> Array:
    a, b, above, below = (
        at(xyz[..., :2], role).astype(np.float64) for role in (outer, inner, upper, lower)
    )
    along, apart = b - a, above - below
    square = along[:, 0] * apart[:, 1] - along[:, 1] * apart[:, 0]
    return np.asarray(-np.sign(along[:, 0]) * square / (along**2).sum(axis=1))  # y is down


def find(opening: Array, times: Array) -> list[Blink]:
    """Blinks in the raw openings (T, 2) of both eyes at (T,) s, in order of time; samples with a
    NaN are left out. Of a blink that the clip cuts, the part in the clip is returned."""
    known = np.isfinite(opening).all(axis=1)
    both, clock = opening[known], times[known]
    found: list[Blink] = []
    dips = _dips(both.mean(axis=1), clock)
    while dips.max(initial=0.0) >= _SHALLOWEST:
        lowest = int(dips.argmax())
        near = _around(both.mean(axis=1), clock, lowest)
        fit = _fit(both[near], clock[near], lowest=float(clock[lowest]))
        if fit is not None and fit.blinks() and fit.fits(clock, found):
            start, end = max(fit.start, float(clock[0])), min(fit.end, float(clock[-1]))
            depth = float(fit.drop.mean() / fit.level.mean())
            found.append(Blink(start, fit.shut, end, min(depth, 1.0)))
            dips[(clock >= start) & (clock <= end)] = 0.0
        dips[np.abs(clock - clock[lowest]) <= _STEPS[-1] / 2.0] = 0.0
    return sorted(found)


def _around(opening: Array, times: Array, lowest: int) -> slice:
    """The samples that the pulse at a dip is fitted to: up to _AROUND_S to each side, and no
    further than the highest sample between it and the next dip."""
    first, last = np.searchsorted(times, times[lowest] + np.array([-_AROUND_S, _AROUND_S]))
    before, after = opening[first : lowest + 1][::-1], opening[lowest : last + 1]
    return slice(lowest + 1 - _alone(before), lowest + _alone(after))


def _alone(opening: Array) -> int:
    """How many of the samples from a dip outwards come before the next one, which takes away half
    of what was regained."""
    low, highest = opening[0], np.maximum.accumulate(opening)
    regained = highest - low
    again = (regained >= _SHALLOWEST * highest) & (opening - low < regained / 2.0)
    return int(opening[: again.argmax()].argmax()) + 1 if again.any() else len(opening)


def bridge(values: Array, times: Array, blinks: Sequence[Blink]) -> Array:
    """Eyelid signals (T, S) at (T,) s with a straight line in place of each blink.

    At an end of the clip the nearest sample outside of the blink is held; a NaN stays one. On the
    demo, cubics with the slopes of both sides are no nearer to the same clip without a blink.
    """
    blinking = np.zeros(len(times), np.bool_)
    for blink in blinks:
        blinking |= (times >= blink.start - MARGIN_S) & (times <= blink.end + MARGIN_S)
    bridged = values.copy()
    for side in bridged.T:
        known = np.isfinite(side)
        open_, lost = known & ~blinking, known & blinking
        if open_.any():
            side[lost] = np.interp(times[lost], times[open_], side[open_])
    return bridged


def _dips(opening: Array, times: Array) -> Array:
    """The share by which each sample (T,) lies below what is reached both before and after it. The
    first and last sample of a clip have one side; theirs is 0 if it is less than _CUT."""
    if len(times) < 3:
        return np.zeros(len(times))
    usual = float(np.quantile(opening, 0.9))
    here = np.arange(len(times))
    first = np.searchsorted(times, times - _SIDE_S)
    last = np.searchsorted(times, times + _SIDE_S, side="right") - 1
    before, after = _highest(opening, first, here), _highest(opening, here, last)
    dips = _share(opening, np.minimum(before, after), usual)
    for end, side in ((0, after), (-1, before)):
        alone = _share(opening[[end]], side[[end]], usual)[0]
        dips[end] = alone if alone >= _CUT else 0.0
    return dips


def _share(opening: Array, reached: Array, usual: float) -> Array:
    """The share of what is `reached` that an opening lacks; 0 where the eye was never open."""
    open_ = reached > max(_OPEN * usual, 0.0)
    return np.where(open_, 1.0 - opening / np.where(open_, reached, 1.0), 0.0)


def _highest(values: Array, first: npt.NDArray[np.intp], last: npt.NDArray[np.intp]) -> Array:
    """The greatest of values[first] to values[last], for each pair."""
    places = first[:, None] + np.arange((last - first).max() + 1)
    return np.asarray(values[np.minimum(places, last[:, None])].max(axis=1))


def _fit(opening: Array, times: Array, *, lowest: float) -> _Fit | None:
    """The likeliest pulse on a straight line, fitted to openings (K, 2) around `lowest` s by least
    squares; None if there are too few samples."""
    count = len(times)
    if count < 5:
        return None
    inside = (lowest + _TRIED[0] >= times[0]) & (lowest + _TRIED[0] <= times[-1])
    shut, moving, hold = (axis[inside] for axis in _TRIED)
    away = times - lowest
    pulse = _pulse(away - shut[:, None], moving[:, None], hold[:, None])  # (tried, K)
    line = np.linalg.qr(np.column_stack([np.ones(count), away]))[0]
    # What no straight line explains, of each pulse and of both eyes.
    own, seen = pulse - (pulse @ line) @ line.T, opening - line @ (line.T @ opening)
    power = (own**2).sum(axis=1) + 1e-9
    drop = -(own @ seen) / power[:, None]
    left = (seen**2).sum() - (drop**2).sum(axis=1) * power
    whole = ((opening - opening.mean(axis=0)) ** 2).sum()
    prior = (np.log(moving / _USUAL) / _SPREAD) ** 2 + (hold / _LONG) ** 2
    best = int(np.argmin(count * np.log(np.maximum(left / whole, 0.0) + 1e-4) + prior))
    without = line @ (line.T @ (opening + pulse[best][:, None] * drop[best]))
    half, middle = hold[best] / 2.0, lowest + shut[best]
    return _Fit(
        start=float(middle - half - _CLOSING * moving[best]),
        shut=float(middle),
        end=float(middle + half + (1.0 - _CLOSING) * moving[best]),
        level=np.array([np.interp(middle, times, side) for side in without.T]),
        drop=drop[best],
        error=float(np.sqrt(max(left[best], 0.0) / (2 * count - 9) / power[best])),
    )


def _pulse(away: Array, moving: Array, hold: Array) -> Array:
    """1 while the eye is shut, 0 while it is open, half a cosine period between, `away` s from the
    middle of the time shut."""
    out = np.maximum(np.abs(away) - hold / 2.0, 0.0)
    taken = moving * np.where(away < 0.0, _CLOSING, 1.0 - _CLOSING)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.minimum(out / taken, 1.0)))
