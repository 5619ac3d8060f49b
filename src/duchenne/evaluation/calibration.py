"""Temperature scaling: probabilities that mean what they say, without another ranking of clips.

Logits are divided by one number, the temperature, which is fitted to the validation clips of a fold
(Guo et al. 2017). Above 1 it makes a network less sure; labels and order of clips stay.
"""

from typing import NamedTuple

import numpy as np

from duchenne.evaluation.metrics import Array, Classes

# With fewer a temperature says more about these people than about the network.
SUBJECTS, CLIPS = 8, 40
_COLDEST, _HOTTEST = 0.05, 20.0
_LEAST = 1e-12  # of a probability, whose logarithm is taken


class Calibration(NamedTuple):
    """`temperature` is 1 where there was none to fit, and `why` says why not."""

    temperature: float
    why: str = ""


def calibrate(probabilities: Array, labels: Classes, subjects: list[str]) -> Calibration:
    """From predictions (n, C) of the validation clips of one fold, (n,) labels and subjects."""
    people = len(set(subjects))
    if people < SUBJECTS or len(labels) < CLIPS:
        least = f"at least {SUBJECTS} subjects and {CLIPS} clips are needed"
        return Calibration(1.0, f"{people} subjects and {len(labels)} clips validate, {least}")
    if len(np.unique(labels)) < 2:
        return Calibration(1.0, "the validation clips are of one class")
    low, high = np.log([_COLDEST, _HOTTEST])
    for _ in range(50):  # the loss is convex in 1 / temperature, so its slope changes sign once
        middle = (low + high) / 2.0
        if _too_sure(probabilities, labels, float(np.exp(middle))):
            low = middle
        else:
            high = middle
    return Calibration(float(np.exp(low)))


def _too_sure(probabilities: Array, labels: Classes, temperature: float) -> bool:
    """Whether a higher temperature lowers the loss: logits are higher on average over what is said
    than at what is true."""
    logs = np.log(np.maximum(probabilities, _LEAST))
    said = (scaled(probabilities, temperature) * logs).sum(axis=1)
    return bool(said.mean() > logs[np.arange(len(labels)), labels].mean())


def scaled(probabilities: Array, temperature: float) -> Array:
    """(n, C) → (n, C): the probabilities of logits that are divided by the temperature."""
    logs = np.log(np.maximum(probabilities, _LEAST)) / temperature
    logs -= logs.max(axis=1, keepdims=True)
    odds = np.exp(logs)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def log_loss(probabilities: Array, labels: Classes) -> float:
    """The mean negative logarithm of the probability of what is true."""
    true = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(true, _LEAST)).mean())


def brier(probabilities: Array, labels: Classes) -> float:
    """Mean squared error of p_1, 0 to 1; with more than two classes summed over all, 0 to 2."""
    off = (probabilities - np.eye(probabilities.shape[1])[labels]) ** 2
    return float((off[:, 1] if off.shape[1] == 2 else off.sum(axis=1)).mean())
