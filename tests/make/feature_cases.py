"""Feature rows of which some columns tell the class, and fast settings for each fitter."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch

from duchenne.nets.fitted import Classifier
from duchenne.nets.inputs import Rows
from duchenne.training import fitting, losses
from duchenne.training.fitting import Fit, Logistic, Rocket, Svm, Trees
from duchenne.training.fitting.base import Array, Numbers

CONSTANT, EMPTY = 6, 7  # columns of `clips` without information
HOW: dict[str, Any] = {
    "svm": Svm(kernel="linear", features=4),
    "trees": Trees(iterations=8, leaves=3, rate=0.5),
    "logistic": Logistic(),
    "rocket": Rocket(features=84, channels=1),  # of one signal, which the columns are steps of
    "prior": None,
}
FITTED = ["svm", "trees", "logistic"]


class Clips(NamedTuple):
    values: Array
    labels: Numbers
    subjects: tuple[str, ...]

    def take(self, numbers: Any) -> "Clips":
        whose = tuple(np.array(self.subjects)[numbers])
        return Clips(self.values[numbers], self.labels[numbers], whose)


def clips(
    count: int = 60, *, classes: int = 2, columns: int = 10, missing: float = 0.1, seed: int = 0
) -> Clips:
    """Clips, three of each subject, whose first three columns tell the class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    values = rng.normal(5.0, 2.0, (count, columns))
    values[:, :3] += 6.0 * np.eye(max(classes, 3))[labels, :3]
    values[rng.random(values.shape) < missing] = np.nan
    values[:, CONSTANT], values[:, EMPTY] = 3.0, np.nan
    return Clips(values, labels, tuple(f"s{number // 3}" for number in range(count)))


def noise(count: int = 60, *, columns: int = 200, seed: int = 0) -> Clips:
    """Clips, two of each subject, whose columns do not tell the class."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 2)
    return Clips(
        rng.normal(size=(count, columns)), labels, tuple(f"s{n // 2}" for n in range(count))
    )


def fit(name: str, given: Clips, *, classes: int = 2, seed: int = 0, **how: Any) -> Fit:
    settings = replace(HOW[name], **how) if how else HOW[name]
    return fitting.fit(name, *given, classes=classes, seed=seed, how=settings)


def logits(classifier: Classifier, values: Array) -> torch.Tensor:
    found: torch.Tensor = classifier(Rows(torch.from_numpy(values))).logits
    return found


def probabilities(classifier: Classifier, values: Array) -> Array:
    return losses.probabilities(logits(classifier, values)).numpy()
