"""The prior: how common each class is among the training clips."""

import numpy as np

from duchenne.training.fitting.base import Fit, fitted
from duchenne.training.fitting.inner_folds import Given


def fit(given: Given, *, classes: int, seed: int, how: None = None) -> Fit:
    del seed, how  # all fitters have the same arguments
    shares = np.bincount(given.codes) / len(given.codes)
    logs = np.log(shares)
    arguments = {"judge": "prior", **given.shapes(classes=classes)}
    score = logs[1:] - logs[:1] if len(logs) == 2 else logs
    weights = {"present": given.present, "score": score}
    return fitted(arguments, weights, {"shares": shares.tolist()})
