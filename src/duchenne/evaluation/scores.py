"""What was predicted of the test clips, and how good it is.

With two classes class 1, the spontaneous smile, is the positive one. A score that is undefined is
left out: a zero or a NaN in its place would be averaged, plotted or compared sooner or later.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from duchenne.errors import EvaluationError, listed
from duchenne.evaluation import calibration, confusion, ranking
from duchenne.evaluation.confusion import Array, Classes

Names = npt.NDArray[np.str_]
Rows = npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]]  # a mask, or numbers

_ROUNDING = 1e-6  # by which the probabilities of a clip may miss 1, being stored as float32
DIGITS = 6  # of published figures; beyond them the order of the clips changes a sum


@dataclass(frozen=True, eq=False)
class Predictions:
    """What the models said of the clips (n,) that they were tested on, each clip once.

    `label` (n,) counts classes from 0, `probabilities` (n, C) has a column for each.
    """

    fold: Names
    clip: Names
    subject: Names
    label: Classes
    probabilities: Array

    def __post_init__(self) -> None:
        self._set(("fold", "clip", "subject"), object)  # as they may come from a table
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
        """(n,): of two classes 1 above a half, of more the likeliest; a tie goes to the lower."""
        if self.classes == 2:
            return (self.probabilities[:, 1] > 0.5).astype(np.int64)
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def reliability(self) -> list[calibration.Bin]:
        """Of two classes the probability of class 1, of more that of the class predicted."""
        if self.classes == 2:
            return calibration.bins(self.probabilities[:, 1], self.label == 1)
        return calibration.bins(self.probabilities.max(axis=1), self.label == self.predicted)

    def only(self, rows: Rows) -> "Predictions":
        """Those of some rows, at least one, given by a mask (n,) or by their numbers."""
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
    """accuracy, balanced_accuracy, auc, f1, mcc, brier, ece, as far as they are defined."""
    table = confusion.counts(predictions.label, predictions.predicted, classes=predictions.classes)
    found = {
        "accuracy": float(confusion.accuracy(table)),
        "balanced_accuracy": float(confusion.balanced_accuracy(table)),
        "auc": _auc(predictions),
        "f1": float(confusion.f1(table)),
        "mcc": float(confusion.mcc(table)),
        "brier": _brier(predictions),
        "ece": calibration.error(predictions.reliability),
    }
    return {name: value for name, value in found.items() if math.isfinite(value)}


def majority(predictions: Predictions) -> float:
    """The accuracy of always answering the commonest class, which a model has to beat."""
    return float(np.bincount(predictions.label).max() / len(predictions))


def rounded(value: float) -> float:
    """As it is published; never a negative zero."""
    return round(value, DIGITS) + 0.0


def _auc(predictions: Predictions) -> float:
    """Of class 1 against the other; of more classes the mean of each one against the rest."""
    occurring = np.unique(predictions.label).tolist()
    if len(occurring) < 2:
        return math.nan
    asked = [1] if predictions.classes == 2 else occurring
    label, said = predictions.label, predictions.probabilities
    return float(np.mean([ranking.curve(label == k, said[:, k]).area for k in asked]))


def _brier(predictions: Predictions) -> float:
    """Squared error of p_1, from 0 to 1; of more classes summed over them, from 0 to 2."""
    truth = np.eye(predictions.classes)[predictions.label]
    off = (predictions.probabilities - truth) ** 2
    return float((off[:, 1] if predictions.classes == 2 else off.sum(axis=1)).mean())


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
