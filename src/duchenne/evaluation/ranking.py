"""How well scores rank clips: the ROC curve and the area under it.

Written out, since importing scikit-learn for it took half of the time of `aggregate`; tests compare
the two.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Curve(NamedTuple):
    """Rates (p,) at thresholds that fall, from (0, 0) at infinity to (1, 1)."""

    false_positive: Array
    true_positive: Array
    threshold: Array

    @property
    def area(self) -> float:
        steps = np.diff(self.false_positive)
        return float((steps * (self.true_positive[1:] + self.true_positive[:-1]) / 2).sum())


def curve(positive: npt.NDArray[np.bool_], scores: Array) -> Curve:
    """Of clips (n,), some of them positive and some not; it has a point where it changes its
    direction. A clip counts as positive from its score on, and equal scores count together."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))  # of those with equal scores
    true = np.cumsum(positive[order])[last]
    false = last + 1 - true
    turns = (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0)
    kept = np.concatenate(([True], turns, [True]))[: len(last)]
    x, y = (np.append(0.0, counts[kept] / counts[-1]) for counts in (false, true))
    return Curve(x, y, np.append(np.inf, falling[last][kept]))
