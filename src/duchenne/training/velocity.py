"""How fast a face moves, instead of where it is.

A window starts anywhere, so where the landmarks are says little until the resting face is known;
how they move tells an onset wherever it falls.
"""

from typing import Any

import numpy as np

from duchenne.training.clips import Clip
from duchenne.training.motion import Landmarks

_ROUNDING = 1e-6  # share of the time between two frames; frame times are sums of binary fractions

Array = np.ndarray[Any, np.dtype[np.float64]]


def of(clip: Clip, *, step_s: float) -> Landmarks:
    """(T, N, 3): how far each landmark goes from half a step before a frame to half a step after.

    Between frames its way is a straight line. Where that half leaves the clip or meets a frame
    without a face, it is cut short; a frame without a face stays NaN.
    """
    ends = [_at(clip, clip.times + side * step_s / 2) for side in (-1.0, 1.0)]
    seen = np.isfinite(clip.xyz).all(axis=(1, 2))[:, None, None]
    before, after = (np.where(np.isnan(end), clip.xyz, end) for end in ends)
    return np.where(seen, after - before, np.nan).astype(np.float32)


def _at(clip: Clip, moments: Array) -> Array:
    """The landmarks at these moments (T,), or at the clip's nearest end."""
    times = clip.times
    if len(times) == 1:
        return clip.xyz.astype(np.float64)
    inside = moments.clip(times[0], times[-1])
    after = np.searchsorted(times, inside).clip(1, len(times) - 1)
    before = after - 1
    share = (inside - times[before]) / (times[after] - times[before])
    share = np.where(np.abs(share - share.round()) < _ROUNDING, share.round(), share)
    parts = [(before, 1.0 - share), (after, share)]
    return np.asarray(sum(_weighted(clip.xyz[frames], weight) for frames, weight in parts))


def _weighted(faces: Landmarks, weight: Array) -> Array:
    """Faces (T, N, 3) by their weights (T,); what has none does not matter, even if missing."""
    wide = weight[:, None, None]
    return np.asarray(np.where(wide > 0.0, faces * wide, 0.0))
