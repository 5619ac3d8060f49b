"""Whether things that are said to be 80 % sure come true 80 % of the time."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

BINS = 10  # of equal width, as in Guo et al. 2017; few enough that a hundred clips fill them


class Bin(NamedTuple):
    """The clips whose probability lies from number / BINS up to the next bin."""

    number: int
    probability: float  # the mean of what was stated
    share: float  # of the clips for which it came true
    clips: int


def bins(stated: npt.NDArray[np.floating[Any]], came_true: npt.NDArray[np.bool_]) -> list[Bin]:
    """Probabilities (n,) held against what happened (n,); empty bins are left out."""
    number = np.minimum((stated * BINS).astype(int), BINS - 1)  # 1.0 belongs to the last
    clips = np.bincount(number, minlength=BINS)
    probability = np.bincount(number, weights=stated, minlength=BINS)
    share = np.bincount(number, weights=came_true, minlength=BINS)
    return [
        Bin(i, float(probability[i] / clips[i]), float(share[i] / clips[i]), int(clips[i]))
        for i in np.flatnonzero(clips).tolist()
    ]


def error(filled: list[Bin]) -> float:
    """The expected calibration error: how far off a bin is, on average over the clips."""
    off = sum(one.clips * abs(one.probability - one.share) for one in filled)
    return off / sum(one.clips for one in filled)
