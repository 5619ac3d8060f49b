"""Classifiers that are fitted in one go to a row of numbers for each clip: a file each.

A fit sees only the training clips that it is given. It chooses columns and settings on inner folds
of their subjects, and does everything anew inside each.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from duchenne.training.fitting import logistic, prior, rocket, svm, trees
from duchenne.training.fitting.base import Array, Fit, Numbers
from duchenne.training.fitting.inner_folds import Given, take
from duchenne.training.fitting.logistic import Logistic
from duchenne.training.fitting.rocket import Rocket
from duchenne.training.fitting.svm import Svm
from duchenne.training.fitting.trees import Trees

__all__ = ["FITTERS", "Fit", "Fitter", "Logistic", "Rocket", "Svm", "Trees", "fit"]


class Fitter(Protocol):
    """Fits a classifier; `how` are the fitter's settings, None for `prior`, which has none."""

    def __call__(self, given: Given, *, classes: int, seed: int, how: Any) -> Fit: ...


FITTERS: dict[str, Fitter] = {
    "svm": svm.fit,
    "trees": trees.fit,
    "rocket": rocket.fit,
    "logistic": logistic.fit,
    "prior": prior.fit,
}


def fit(
    name: str,
    values: Array,
    labels: Numbers,
    subjects: Sequence[str],
    *,
    classes: int,
    seed: int,
    how: Any,
) -> Fit:
    """Fit to `values` (C, M), NaN where missing, `labels` (C,) and subjects (C,); where there is
    nothing to fit, the prior instead, with the reason."""
    given = take(values, labels, subjects, seed=seed)
    if name == "prior" or not given.empty:
        return FITTERS[name](given, classes=classes, seed=seed, how=how)
    plain = prior.fit(given, classes=classes, seed=seed)
    return plain._replace(chosen={**plain.chosen, "fallback": f"the prior: {given.empty}"})
