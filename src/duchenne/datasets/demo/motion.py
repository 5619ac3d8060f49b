"""Blinks and small head motion, as functions of time; they do not depend on the class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duchenne.datasets.demo.portrait import rounded

Array = NDArray[np.float64]

# Blinks per second at rest: 17 a minute (Bentivoglio et al. 1997, abstract).
BLINK_RATE = 17.0 / 60.0
# Seconds from open to shut: spontaneous blinks take about 66 ms (a search-coil study that gives
# 77.6 ms for voluntary ones, 17.6 % longer; abstract). Longer here, so that a blink is seen in some
# frame. Closing is 40 to 47 % faster than opening (Sforza et al. 2008, abstract).
CLOSING_S, OPENING_S = 0.09, 0.155
# Many spontaneous blinks are incomplete (Sforza et al. 2008, abstract); the range is our choice.
DEPTHS = (0.75, 1.0)
# Our choice: the least time between two blinks. No blink is cut by the ends of a clip.
BLINK_GAP_S = 0.6


def raised_cosine(share: Array) -> Array:
    """Half a cosine period, from 0 to 1 while `share` goes from 0 to 1; constant outside."""
    return rounded(0.5 - 0.5 * np.cos(np.pi * np.clip(share, 0.0, 1.0)))


@dataclass(frozen=True)
class Blink:
    """A blink that closes `depth` of the eye opening at its peak."""

    peak_s: float
    depth: float

    def closure(self, time: Array) -> Array:
        """Share of the eye opening that is closed at `time`, (T,) s."""
        shutting = raised_cosine((time - self.peak_s + CLOSING_S) / CLOSING_S)
        opening = raised_cosine((time - self.peak_s) / OPENING_S)
        return self.depth * (shutting - opening)


def draw_blinks(seconds: float, rng: np.random.Generator) -> tuple[Blink, ...]:
    """Draw the blinks of a clip: the gaps are BLINK_GAP_S plus an exponential time."""
    blinks: list[Blink] = []
    peak = CLOSING_S + float(rng.exponential(1.0 / BLINK_RATE - BLINK_GAP_S))
    while peak + OPENING_S < seconds:
        blinks.append(Blink(peak_s=peak, depth=float(rng.uniform(*DEPTHS))))
        peak += BLINK_GAP_S + float(rng.exponential(1.0 / BLINK_RATE - BLINK_GAP_S))
    return tuple(blinks)


@dataclass(frozen=True)
class Sway:
    """Slow random motion: a sum of sine waves (amplitude, frequency in Hz, phase in rad)."""

    waves: tuple[tuple[float, float, float], ...]

    def at(self, time: Array) -> Array:
        """The sum at `time`, (T,) s."""
        out = np.zeros_like(time, dtype=np.float64)
        for size, frequency, phase in self.waves:
            out += size * np.sin(2.0 * np.pi * frequency * time + phase)
        return rounded(out)


@dataclass(frozen=True)
class HeadMotion:
    """Head motion: shifts in shares of the frame's side, roll in degrees, change of scale."""

    right: Sway
    down: Sway
    roll: Sway
    zoom: Sway


def draw_head_motion(rng: np.random.Generator) -> HeadMotion:
    """Draw the motion of a seated person who keeps still; the sizes are our choice."""
    return HeadMotion(
        right=_draw_sway(0.010, rng),
        down=_draw_sway(0.008, rng),
        roll=_draw_sway(1.5, rng),
        zoom=_draw_sway(0.012, rng),
    )


def _draw_sway(size: float, rng: np.random.Generator) -> Sway:
    frequencies = rng.uniform((0.05, 0.2, 0.4), (0.2, 0.4, 0.8))
    sizes = size * rng.uniform(0.5, 1.0, size=3) * (1.0, 0.6, 0.25)
    phases = rng.uniform(0.0, 2.0 * np.pi, size=3)
    columns = (sizes.tolist(), frequencies.tolist(), phases.tolist())
    return Sway(waves=tuple(zip(*columns, strict=True)))
