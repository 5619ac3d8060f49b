"""The data behind the pictures of a result; dvc.yaml says how each is drawn."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.evaluation import metrics
from duchenne.evaluation.metrics import Array
from duchenne.evaluation.scores import Predictions, rounded
from duchenne.evaluation.summary import fold_rows

POINTS = 200  # of a curve: more than a plot can show, and a file that stays small

Row = dict[str, Any]
Columns = tuple[str, ...]
Rows = list[dict[str, Any]]
Picture = tuple[Columns, Rows]


class Pictures(NamedTuple):
    folds: Picture
    roc: Picture
    confusion: Picture
    calibration: Picture
    training: Picture
    accuracy: Picture


def pictures(
    predictions: Predictions, history: Sequence[Mapping[str, str]], *, names: Sequence[str]
) -> Pictures:
    """Everything that is drawn of test predictions and of the course of training. A ROC curve is
    that of two classes; of more its picture is empty."""
    scores = ("accuracy", "balanced_accuracy", "auc", "f1", "mcc", "brier", "ece")
    return Pictures(
        folds=(("fold", "clips", "subjects", *scores), fold_rows(predictions)),
        roc=(
            ("false_positive_rate", "true_positive_rate", "threshold"),
            roc(predictions) if predictions.classes == 2 else [],
        ),
        confusion=(("actual", "predicted"), confusion(predictions, names=names)),
        calibration=(("bin", "probability", "share", "clips"), calibration(predictions)),
        training=(("fold", "epoch", "part", "loss"), _course(history, "loss")),
        accuracy=(("fold", "epoch", "part", "accuracy"), _course(history, "accuracy")),
    )


def _course(history: Sequence[Mapping[str, str]], score: str) -> Rows:
    """A score after each epoch, one a row: of what chose the epoch, and, where it has one, of the
    training part."""
    return [
        {"fold": row["fold"], "epoch": row["epoch"], "part": part, score: row[f"{part}_{score}"]}
        for row in history
        for part in ("train", "val", "test")
        if row.get(f"{part}_{score}")
    ]


def roc(predictions: Predictions, *, positive: int = 1) -> list[Row]:
    """False and true positive rate of `positive` against the rest, as the threshold falls.

    A clip counts as positive from the threshold on; the first point has none (None), since a
    probability of 1 passes every one. Of a longer curve at most POINTS points stay, evenly along
    it: what is left out lies about a hundredth from what stays, or nearer. Empty where all
    clips or none are positive.
    """
    actual = predictions.label == positive
    if actual.all() or not actual.any():
        return []
    false, true, threshold = metrics.curve(actual, predictions.probabilities[:, positive])
    kept = _thinned(false + true)
    rows = zip(false[kept].tolist(), true[kept].tolist(), threshold[kept].tolist(), strict=True)
    return [
        {
            "false_positive_rate": rounded(x),
            "true_positive_rate": rounded(y),
            "threshold": rounded(at) if np.isfinite(at) else None,
        }
        for x, y, at in rows
    ]


def confusion(predictions: Predictions, *, names: Sequence[str]) -> list[Row]:
    """One row per clip, as the confusion template of `dvc plots` counts them; by class number."""
    pairs = zip(predictions.label.tolist(), predictions.predicted.tolist(), strict=True)
    return [{"actual": names[a], "predicted": names[p]} for a, p in sorted(pairs)]


def calibration(predictions: Predictions) -> list[Row]:
    """One row per filled bin: mean probability, the share for which it came true, and clips."""
    return [
        {
            "bin": one.number,
            "probability": rounded(one.probability),
            "share": rounded(one.share),
            "clips": one.clips,
        }
        for one in predictions.reliability
    ]


def _thinned(along: Array) -> npt.NDArray[np.intp]:
    """Which points of a curve to keep, by how far along it (n,) they lie; both ends stay."""
    if len(along) <= POINTS:
        return np.arange(len(along))
    even = np.linspace(along[0], along[-1], POINTS)
    return np.asarray(np.unique(np.searchsorted(along, even)))
