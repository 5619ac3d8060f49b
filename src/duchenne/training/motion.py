"""How far a face has moved since it was at rest, instead of what it looks like.

A smile moves landmarks by some hundredths of the distance between the eyes, and faces differ by ten
times as much; of a few dozen people a network learns the people. The scale, which makes motion as
large as other inputs, is a statistic, and so it is taken from training clips alone.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from duchenne.training.clips import Clip

Landmarks = npt.NDArray[np.float32]

_ROUNDING_S = 1e-6  # frame times are sums of fractions in binary


def of(clip: Clip, *, neutral_s: float) -> Landmarks:
    """(T, N, 3): each landmark relative to its median in the first `neutral_s` s with a face."""
    seen = np.isfinite(clip.xyz).all(axis=(1, 2))
    early = seen & (clip.times <= clip.times[seen.argmax()] + neutral_s + _ROUNDING_S)
    rest = np.median(clip.xyz[early], axis=0)
    return np.asarray(clip.xyz - rest, np.float32)


def scale(motions: Sequence[Landmarks]) -> float:
    """Root mean square of all coordinates in all frames with a face."""
    known = [motion[np.isfinite(motion).all(axis=(1, 2))] for motion in motions]
    squares = sum(float(np.square(motion, dtype=np.float64).sum()) for motion in known)
    count = sum(motion.size for motion in known)
    return float(np.sqrt(squares / count)) if squares else 1.0
