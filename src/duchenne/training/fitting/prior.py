"""The prior: how common each class is among the training clips."""

from collections.abc import Sequence

import numpy as np

from duchenne.training.fitting.base import Array, Fit, Numbers, fitted
from duchenne.training.fitting.probabilities import classes_shown


def fit(
    values: Array,
    labels: Numbers,
    subjects: Sequence[str],
    *,
    classes: int,
    seed: int,
    how: None = None,
) -> Fit:
    del subjects, seed, how  # all fitters have the same arguments
    present, codes = classes_shown(labels)
    shares = np.bincount(codes) / len(codes)
    logs = np.log(shares)
    arguments = {
        "judge": "prior",
        "inputs": values.shape[1],
        "classes": classes,
        "present": len(present),
    }
    weights = {"present": present, "score": logs[1:] - logs[:1] if len(logs) == 2 else logs}
    return fitted(arguments, weights, {"shares": shares.tolist()})


def instead(values: Array, labels: Numbers, *, classes: int, why: str) -> Fit:
    """The prior where there is nothing to fit, and why."""
    plain = fit(values, labels, (), classes=classes, seed=0)
    return plain._replace(chosen={**plain.chosen, "fallback": f"the prior: {why}"})
