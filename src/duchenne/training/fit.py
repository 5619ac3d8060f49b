"""One fold of a model that is fitted in one go, without epochs: a classifier of rows of numbers."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from duchenne.config.training import Training
from duchenne.nets.inputs import Rows
from duchenne.training import fitting, losses, monitor
from duchenne.training.fitting import Logistic, Rocket, Svm, Trees
from duchenne.training.landmark_batches import Clip
from duchenne.training.loop import Learnt, Probabilities
from duchenne.training.movement import Array, at_rest
from duchenne.training.protocol import Numbers, Split
from duchenne.training.signals import CHANNELS

Fitter = tuple[str, Any]  # a name in duchenne.training.fitting and its settings

# Balanced, so that a probe also tells whether a rare class can be told.
PROBE: Fitter = ("logistic", Logistic(balance=True))


class Fitted(NamedTuple):
    """A fitted fold."""

    learnt: Learnt
    arguments: dict[str, Any]  # that the classifier is built from
    chosen: dict[str, Any]  # hyper-parameters, and what the inner folds said of them
    parameters: int


def rows_of(clips: Sequence[Clip], *, model: str, neutral_s: float) -> Array:
    """(C, M): what a model is given of each clip."""
    match model:
        case "first_frame":
            return np.array(
                [first_frame(clip.times, clip.xyz, neutral_s=neutral_s) for clip in clips]
            )
        case "majority":
            return np.zeros((len(clips), 0))
    return np.array([clip.markers for clip in clips])


def first_frame(times: Array, xyz: npt.NDArray[np.float32], *, neutral_s: float) -> Array:
    """(3N,): x, y, z of each landmark at rest, its median in the first `neutral_s` s with a face,
    of (T, N, 3)."""
    return at_rest(times, xyz.astype(np.float64), neutral_s=neutral_s).ravel()


def fit(
    of: Split,
    values: Array,
    labels: Numbers,
    *,
    subjects: Sequence[str],
    fitter: Fitter,
    seed: int = 0,
) -> Fitted:
    """`values` (C, M), `labels` and `subjects` are by number of clip."""
    name, how = fitter
    done = fitting.fit(
        name,
        values[of.learns],
        labels[of.learns],
        [subjects[number] for number in of.learns],
        classes=of.classes,
        seed=seed,
        how=how,
    )
    begun = time.monotonic()
    found = {
        role: predict(done.classifier, values[of.parts[role]]) for role in of.protocol.predicted
    }
    each = (time.monotonic() - begun) / max(sum(map(len, found.values())), 1)
    own = predict(done.classifier, values[of.learns])
    scores = monitor.scores(own, labels[of.learns])
    row: dict[str, Any] = {"fold": of.fold, "epoch": 1, "lr": None}
    row |= {"train_loss": scores["loss"], "train_accuracy": scores["accuracy"], "watched": None}
    weights = {k: v.detach().clone() for k, v in done.classifier.state_dict().items()}
    learnt = Learnt(weights, 1, [row], found, {}, each)
    count = sum(value.numel() for value in weights.values())
    return Fitted(learnt, done.arguments, done.chosen, count)


def predict(network: nn.Module, values: Array) -> Probabilities:
    """Probabilities (C, classes) of rows (C, M)."""
    with torch.inference_mode():
        logits = network(Rows(torch.from_numpy(values))).logits
    return losses.probabilities(logits).numpy()


def fitter_of(settings: Training) -> Fitter:
    balance = settings.train.balance
    if settings.svm is not None:
        return "svm", Svm(**settings.svm.model_dump(), balance=balance)
    if settings.trees is not None:
        return "trees", Trees(**settings.trees.model_dump(), balance=balance)
    if settings.rocket is not None:
        return "rocket", Rocket(**settings.rocket.model_dump(), channels=CHANNELS, balance=balance)
    if settings.model == "majority":
        return "prior", None
    return PROBE
