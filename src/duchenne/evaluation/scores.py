"""Predictions of test clips, and their scores.

With two classes, class 1 (the spontaneous smile) is the positive one. An undefined score is left
out: a 0 or NaN in its place could be averaged, plotted or compared by mistake.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.errors import EvaluationError, listed
from duchenne.evaluation import metrics
from duchenne.evaluation.calibration import brier, log_loss, scaled
from duchenne.evaluation.metrics import Array, Classes

BINS = 10  # of equal width, as in Guo et al. 2017; few enough for a hundred clips
Names = npt.NDArray[np.str_]
Rows = npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]]  # a mask or indices
_ROUNDING = 1e-6  # tolerance of the sum of probabilities, which were float32
DIGITS = 6  # decimals of written scores; later ones depend on the order of summation


class Bin(NamedTuple):
    """The clips with a probability from number / BINS up to (number + 1) / BINS."""

    number: int
    probability: float  # mean predicted probability
    share: float  # of its clips for which the prediction came true
    clips: int


def bins(stated: npt.NDArray[np.floating[Any]], came_true: npt.NDArray[np.bool_]) -> list[Bin]:
    """The bins of probabilities (n,) and of whether they came true (n,), without empty ones."""
    number = np.minimum((stated * BINS).astype(int), BINS - 1)  # 1.0 is in the last bin
    clips = np.bincount(number, minlength=BINS)
    probability = np.bincount(number, weights=stated, minlength=BINS)
    share = np.bincount(number, weights=came_true, minlength=BINS)
    return [
        Bin(i, float(probability[i] / clips[i]), float(share[i] / clips[i]), int(clips[i]))
        for i in np.flatnonzero(clips).tolist()
    ]


def error(filled: list[Bin]) -> float:
    """Expected calibration error: the mean over clips of |probability − share| of their bins."""
    off = sum(one.clips * abs(one.probability - one.share) for one in filled)
    return off / sum(one.clips for one in filled)


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of n test clips, each clip once.

    `label` (n,) are class numbers from 0, `probabilities` (n, C) has a column for each class.
    """

    fold: Names
    clip: Names
    subject: Names
    label: Classes
    probabilities: Array

    def __post_init__(self) -> None:
        self._set(("fold", "clip", "subject"), object)  # they may have None, which is checked first
        self._set(("probabilities",), np.float64)
        self._set(("label",), None)
        _check_shapes(self)
        _check_names(self)
        self._set(("fold", "clip", "subject"), str)
        _check_values(self)

    def __len__(self) -> int:
        return len(self.label)

    @property
    def classes(self) -> int:
        return int(self.probabilities.shape[1])

    @property
    def predicted(self) -> Classes:
        """The most probable classes (n,); of equal ones the lower."""
        if self.classes == 2:
            return (self.probabilities[:, 1] > 0.5).astype(np.int64)
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def reliability(self) -> list[Bin]:
        """Bins of the probability of class 1 or, with more than two classes, of the prediction."""
        if self.classes == 2:
            return bins(self.probabilities[:, 1], self.label == 1)
        return bins(self.probabilities.max(axis=1), self.label == self.predicted)

    def only(self, rows: Rows) -> "Predictions":
        """The predictions of some rows, at least one: `rows` is a mask (n,) or indices."""
        return Predictions(
            fold=self.fold[rows],
            clip=self.clip[rows],
            subject=self.subject[rows],
            label=self.label[rows],
            probabilities=self.probabilities[rows],
        )

    def _set(self, columns: tuple[str, ...], dtype: npt.DTypeLike) -> None:
        for name in columns:
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=dtype))


def scores(predictions: Predictions) -> dict[str, float]:
    """accuracy, balanced_accuracy, auc, f1, mcc, brier and ece, without undefined ones."""
    cells = metrics.cells(predictions.label, predictions.predicted, classes=predictions.classes)
    table = cells.sum(axis=0)
    found = {
        "accuracy": float(metrics.accuracy(table)),
        "balanced_accuracy": float(metrics.balanced_accuracy(table)),
        "auc": float(auc(predictions, np.ones((1, len(predictions))))[0]),
        "f1": float(metrics.f1(table)),
        "mcc": float(metrics.mcc(table)),
        "brier": brier(predictions.probabilities, predictions.label),
        "ece": error(predictions.reliability),
    }
    return {name: value for name, value in found.items() if math.isfinite(value)}


def majority(predictions: Predictions) -> float:
    """The accuracy of always predicting the most frequent class: the baseline of a model."""
    return float(np.bincount(predictions.label).max() / len(predictions))


def rounded(value: float) -> float:
    """The value with DIGITS decimals; never −0."""
    return round(value, DIGITS) + 0.0


def auc(predictions: Predictions, weights: Array) -> Array:
    """(R,): AUC of class 1 of clips with weights (R, n), NaN where they are of one class; with more
    classes the mean AUC of each class that occurs against the rest."""
    label, said = predictions.label, predictions.probabilities
    asked = [1] if predictions.classes == 2 else range(predictions.classes)
    each = np.array([metrics.areas(label == k, said[:, k], weights) for k in asked])
    known = np.isfinite(each)
    total = np.where(known, each, 0.0).sum(axis=0)
    return metrics.ratio(total, known.sum(axis=0))


def calibration_scores(
    predictions: Predictions, found: Mapping[str, tuple[float, str]]
) -> dict[str, Any]:
    """The section `calibration` of data/reports/scores.json: loss and Brier score of all test
    clips, as predicted and with the temperature of their fold; `found` are the temperature of each
    fold and why it has none. `not_calibrated` says why where no fold has one."""
    reasons = [why for _, why in found.values()]
    if all(reasons):
        return {"not_calibrated": reasons[0]}
    after = predictions.probabilities.copy()
    for fold, (temperature, _) in found.items():
        rows = predictions.fold == fold
        after[rows] = scaled(after[rows], temperature)
    scores = {}
    for name, values in (("", predictions.probabilities), ("_calibrated", after)):
        scores[f"log_loss{name}"] = rounded(log_loss(values, predictions.label))
        scores[f"brier{name}"] = rounded(brier(values, predictions.label))
    return {"folds": sum(not why for why in reasons), **scores}


def _check_shapes(predictions: Predictions) -> None:
    shape = predictions.probabilities.shape
    if len(shape) != 2 or shape[1] < 2:
        raise EvaluationError(f"predictions: probabilities must be (clips, classes), not {shape}")
    columns = ("fold", "clip", "subject", "label", "probabilities")
    lengths = {name: len(getattr(predictions, name)) for name in columns}
    if len(set(lengths.values())) > 1:
        raise EvaluationError(f"predictions: columns of different lengths: {lengths}")
    if not len(predictions):
        raise EvaluationError("predictions: there are none; test at least one clip")


def _check_names(predictions: Predictions) -> None:
    for column in ("clip", "fold", "subject"):
        names = getattr(predictions, column)
        nameless = [i for i, name in enumerate(names) if not (isinstance(name, str) and name)]
        if nameless:
            rows = [f"row {i}" if column == "clip" else predictions.clip[i] for i in nameless]
            raise EvaluationError(f"predictions: no {column} is given for {listed(rows)}")


def _check_values(predictions: Predictions) -> None:
    label, probabilities = predictions.label, predictions.probabilities
    if label.dtype.kind not in "iu":
        raise EvaluationError(f"predictions: labels must be class numbers, not {label.dtype}")
    _, first, times = np.unique(predictions.clip, return_index=True, return_counts=True)
    again = np.zeros(len(predictions), dtype=bool)
    again[first[times > 1]] = True
    last = predictions.classes - 1
    off_range = ((probabilities < 0.0) | (probabilities > 1.0)).any(axis=1)
    off_one = np.abs(probabilities.sum(axis=1) - 1.0) > _ROUNDING
    for wrong, what in (
        (again, "predicted more than once (every clip is tested in one fold)"),
        ((label < 0) | (label > last), f"with a label that is not from 0 to {last}"),
        (~np.isfinite(probabilities).all(axis=1), "with a probability that is not a number"),
        (off_range, "with a probability outside 0 to 1"),
        (off_one, "whose probabilities do not sum to 1"),
    ):
        if wrong.any():
            raise EvaluationError(f"predictions: clips {what}: {listed(predictions.clip[wrong])}")
