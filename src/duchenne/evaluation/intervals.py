"""Intervals of scores by bootstrap over subjects.

Clips of one subject are correlated, so subjects are drawn with replacement, each with all of its
clips (cluster bootstrap); resampling clips would give too narrow an interval. With few subjects
(SPOS has seven) this interval is too narrow as well; it is not corrected.

A draw is a weight for each clip: how often its subject was drawn. A score of weighted clips is
computed for many draws at once. Scores of the same draws can be subtracted, for the interval of a
difference.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.evaluation import metrics
from duchenne.evaluation.metrics import Array
from duchenne.evaluation.scores import Names, Predictions, auc

ROUNDS = 2000
_AT_ONCE = 2**22  # weights in memory

Score = Callable[[Array], Array]  # of clips with weights (R, n), in each of R rounds: (R,)


class Draws(NamedTuple):
    """How often each of S subjects was drawn in each of R rounds; R is 0 with fewer than two."""

    times: npt.NDArray[np.int64]  # (R, S)
    subject: npt.NDArray[np.intp]  # (n,) number of the subject of each clip

    def of(self, score: Score) -> Array:
        """(R,): the score in each round."""
        rounds = max(1, _AT_ONCE // len(self.subject))
        parts = [
            score(self.times[first : first + rounds, self.subject].astype(np.float64))
            for first in range(0, len(self.times), rounds)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)


def draw(subject: Names, *, rounds: int = ROUNDS, seed: int = 0) -> Draws:
    """Draw as many subjects as there are, `rounds` times; `subject` (n,) is that of each clip."""
    names, number = np.unique(subject, return_inverse=True)
    chances = np.full(len(names), 1.0 / len(names))
    size = rounds if len(names) > 1 else 0
    times = np.random.default_rng(seed).multinomial(len(names), chances, size=size)
    return Draws(times, number)


def interval(values: Array, *, level: float = 0.95) -> tuple[float, float] | None:
    """The percentile interval (low, high) of a score in each round (R,).

    Rounds in which the score is undefined are left out. None if there are no rounds, or if more
    than 1 − `level` of them are left out, which is as much as both tails together.
    """
    defined = values[np.isfinite(values)]
    if not len(defined) or len(defined) < level * len(values):
        return None
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return float(low), float(high)


def weighted(predictions: Predictions) -> Mapping[str, Score]:
    """The scores of `predictions` that have an interval, by name."""
    return {
        "accuracy": of_confusion(predictions, metrics.accuracy),
        "balanced_accuracy": of_confusion(predictions, metrics.balanced_accuracy),
        "auc": lambda weights: auc(predictions, weights),
    }


def of_confusion(predictions: Predictions, score: Callable[[Array], Array]) -> Score:
    """A score of confusion matrices (R, C, C) as one of weighted clips."""
    cells = metrics.cells(predictions.label, predictions.predicted, classes=predictions.classes)
    return lambda weights: score(np.tensordot(weights, cells, axes=1))


def bounds(name: str, values: Array) -> dict[str, float]:
    """`<name>_low` and `<name>_high` of a score in each round (R,); nothing without interval."""
    found = interval(values)
    return dict(zip((f"{name}_low", f"{name}_high"), found, strict=True)) if found else {}
