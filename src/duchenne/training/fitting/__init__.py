"""What is fitted in one go to a row of numbers for each clip: one file each, and one line here.

Fitting sees the training clips that it is given and nothing else. Whatever it chooses, columns and
settings, it chooses on folds of their subjects, and does all of it anew inside each.
"""

from duchenne.training.fitting import logistic, prior, svm, trees
from duchenne.training.fitting.base import Fit, Fitter
from duchenne.training.fitting.settings import Logistic, Svm, Trees

__all__ = ["FITTERS", "Fit", "Fitter", "Logistic", "Svm", "Trees"]

FITTERS: dict[str, Fitter] = {
    "svm": svm.fit,
    "trees": trees.fit,
    "logistic": logistic.fit,
    "prior": prior.fit,
}
