"""Classifiers that are fitted in one go to a row of numbers for each clip: a file each.

A fit sees only the training clips that it is given. It chooses columns and settings on inner folds
of their subjects, and does everything anew inside each.
"""

from duchenne.training.fitting import logistic, prior, rocket, svm, trees
from duchenne.training.fitting.base import Fit, Fitter
from duchenne.training.fitting.logistic import Logistic
from duchenne.training.fitting.rocket import Rocket
from duchenne.training.fitting.svm import Svm
from duchenne.training.fitting.trees import Trees

__all__ = ["FITTERS", "Fit", "Fitter", "Logistic", "Rocket", "Svm", "Trees"]

FITTERS: dict[str, Fitter] = {
    "svm": svm.fit,
    "trees": trees.fit,
    "rocket": rocket.fit,
    "logistic": logistic.fit,
    "prior": prior.fit,
}
