"""How far a score could have been another with other people.

Clips of one subject are alike, so it is subjects that are drawn again, each with all of its clips:
drawing clips would promise more than was measured. With few subjects (SPOS has seven) even this
interval is too narrow; it is not corrected.
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
    """The percentile interval of a score of the module `confusion`, low end first.

    Rounds in which the score is undefined are left out. None where there are fewer than two
    subjects, or where more than 1 − `level` of the rounds are left out: they would weigh as much
    as the tails that the interval is to cut off.
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
    """(subjects, C, C): the confusion of each subject's clips, by name."""
    names, subject = np.unique(predictions.subject, return_inverse=True)
    table = np.zeros((len(names), predictions.classes, predictions.classes))
    np.add.at(table, (subject, predictions.label, predictions.predicted), 1.0)
    return table
