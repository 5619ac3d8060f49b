"""Windows: so many frames at so many a second, cut from a clip by time.

Where a clip is too short the rest of the window is absent, and so is a frame without a face; the
network masks both. With `window.pad: zeros` it sees the rest as frames of zeros, as published.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from duchenne.config.training import Window

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

_ROUNDING_S = 1e-6  # frame times are sums of fractions in binary


@dataclass(frozen=True)
class Ruler:
    """How windows are measured out: `frames` moments, 1/fps s apart."""

    frames: int
    fps: float
    zeros: bool = False  # whether the rest of a window after its clip's end counts as seen: zeros

    def moments(self, start: float, *, stretch: float = 1.0) -> Array:
        """(frames,) s; `stretch` above 1 lets a window last longer, as if the smile were faster."""
        return start + np.arange(self.frames) * (stretch / self.fps)

    def last_start(self, times: Array, *, stretch: float = 1.0) -> float:
        """The latest start of a window that the clip fills; its first frame where none does."""
        length = (self.frames - 1) * stretch / self.fps
        return float(max(times[0], times[-1] - length))

    def cut(self, times: Array, start: float, *, stretch: float = 1.0) -> tuple[Numbers, Mask]:
        """The frame nearest to each moment, (frames,), and whether there is one within half a
        step of it."""
        moments = self.moments(start, stretch=stretch)
        after = np.searchsorted(times, moments).clip(1, max(len(times) - 1, 1))
        after = np.minimum(after, len(times) - 1)
        before = np.maximum(after - 1, 0)
        nearer = moments - times[before] <= times[after] - moments
        found = np.where(nearer, before, after).astype(np.int64)
        off = np.abs(times[found] - moments)
        return found, off <= 0.5 * stretch / self.fps + _ROUNDING_S

    def past(self, times: Array, start: float, *, stretch: float = 1.0) -> Mask:
        """Which moments, (frames,), lie after the clip's end, so that no frame is near."""
        late = self.moments(start, stretch=stretch) - times[-1]
        return np.asarray(late > 0.5 * stretch / self.fps + _ROUNDING_S)


def ruler_of(window: Window) -> Ruler:
    return Ruler(window.frames, window.fps, zeros=window.pad == "zeros")


def spread(ruler: Ruler, times: Array, *, seen: Mask, count: int) -> list[float]:
    """Starts of at most `count` windows, evenly from the first to the last possible one; a single
    one lies between. Those that show no face are left out; if all are, one starts at the first
    face."""
    ends = times[0], ruler.last_start(times)
    starts = np.unique(np.linspace(*ends, count)) if count > 1 else np.array([np.mean(ends)])
    shown = [float(start) for start in starts if shows(ruler, times, float(start), seen=seen)]
    return shown or [float(times[seen.argmax()])]


def draw(
    ruler: Ruler, times: Array, *, seen: Mask, rng: np.random.Generator, stretch: float = 1.0
) -> float:
    """A random start, the last one included; where it would show no face, at a random face."""
    start = float(rng.uniform(times[0], ruler.last_start(times, stretch=stretch)))
    if shows(ruler, times, start, seen=seen, stretch=stretch):
        return start
    return float(rng.choice(times[seen]))


def stretches(amount: float, rng: np.random.Generator, count: int) -> list[float]:
    """By how much each of so many windows lasts longer, evenly from 1 - amount to 1 + amount."""
    return [float(1.0 + amount * rng.uniform(-1.0, 1.0)) for _ in range(count)]


def shows(ruler: Ruler, times: Array, start: float, *, seen: Mask, stretch: float = 1.0) -> bool:
    """Whether a window has a face in it."""
    frames, there = ruler.cut(times, start, stretch=stretch)
    return bool((seen[frames] & there).any())
