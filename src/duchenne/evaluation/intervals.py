"""Bootstrap confidence intervals of scores, resampled by subject.

Clips of one subject are correlated, so subjects are drawn with replacement, each with all of its
clips (cluster bootstrap); resampling clips would give too narrow an interval. With few subjects
(SPOS has seven) this interval is too narrow as well; it is not corrected.
"""

from collections.abc import Callable

import numpy as np

from duchenne.evaluation.metrics import Array
from duchenne.evaluation.scores import Predictions


def bootstrap(
    predictions: Predictions,
    score: Callable[[Array], Array],
    *,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """The percentile interval (low, high) of a score of confusion matrices, as in `metrics`.

    Rounds in which the score is undefined are left out. None if there are fewer than two subjects,
    or if more than 1 − `level` of the rounds are left out, which is as much as both tails together.
    """
    by_subject = _by_subject(predictions)
    subjects = len(by_subject)
    if subjects < 2:
        return None
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(subjects, np.full(subjects, 1.0 / subjects), size=rounds)
    values = score(np.tensordot(drawn.astype(np.float64), by_subject, axes=1))
    defined = values[np.isfinite(values)]
    if len(defined) < level * rounds:
        return None
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return float(low), float(high)


def _by_subject(predictions: Predictions) -> Array:
    """The confusion matrix of each subject's clips, (subjects, C, C), sorted by name."""
    names, subject = np.unique(predictions.subject, return_inverse=True)
    table = np.zeros((len(names), predictions.classes, predictions.classes))
    np.add.at(table, (subject, predictions.label, predictions.predicted), 1.0)
    return table
