"""The scores of the watched clips after each epoch, one of which chooses the epoch.

The scores of a finished run are those of `duchenne.evaluation`. They differ: these have a loss, and
NaN where a score is undefined.
"""

import math

import numpy as np
import numpy.typing as npt

_SMALLEST = 1e-12  # a probability of 0 would make one clip's loss infinite


def scores(
    probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]
) -> dict[str, float]:
    """Loss, accuracy, balanced accuracy and AUC of (C, classes); undefined ones are NaN."""
    chosen = probabilities[np.arange(len(labels)), labels]
    right = probabilities.argmax(axis=1) == labels
    present = [label for label in range(probabilities.shape[1]) if (labels == label).any()]
    recalls = [float(right[labels == label].mean()) for label in present]
    return {
        "loss": float(-np.log(np.maximum(chosen, _SMALLEST)).mean()),
        "accuracy": float(right.mean()),
        "balanced_accuracy": float(np.mean(recalls)) if len(present) > 1 else math.nan,
        "auc": _auc(probabilities, labels, present),
    }


def monitored(found: dict[str, float], monitor: str) -> float:
    """The value that is to become large. Where a score is undefined, as in a validation part of one
    class, it is minus the loss."""
    if monitor == "loss" or math.isnan(found[monitor]):
        return -found["loss"]
    return found[monitor]


def _auc(
    probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], present: list[int]
) -> float:
    """Mean over the classes of how often one of its clips ranks above one of another."""
    if len(present) < 2:
        return math.nan
    pairs = []
    for label in present if probabilities.shape[1] > 2 else [1]:
        own, other = probabilities[labels == label, label], probabilities[labels != label, label]
        wins = (own[:, None] > other).mean() + 0.5 * (own[:, None] == other).mean()
        pairs.append(float(wins))
    return float(np.mean(pairs))
