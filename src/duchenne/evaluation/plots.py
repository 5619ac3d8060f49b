"""The data of the plots in dvc.yaml, which has their templates."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.evaluation import metrics
from duchenne.evaluation.metrics import Array
from duchenne.evaluation.scores import Predictions, rounded
from duchenne.evaluation.summary import fold_rows

POINTS = 200  # most points of a curve: as many as a plot can show, in a small file

_OF_TRAINING = ("train_loss", "train_accuracy")

Columns = tuple[str, ...]
Rows = list[dict[str, Any]]
Plot = tuple[Columns, Rows]


class Plots(NamedTuple):
    """Column names and rows of each plot."""

    folds: Plot
    roc: Plot
    confusion: Plot
    calibration: Plot
    training: Plot
    accuracy: Plot


def pictures(
    predictions: Predictions, history: Sequence[Mapping[str, str]], *, names: Sequence[str]
) -> Plots:
    """The data of all plots, from test predictions and training history.

    `names` are those of the classes. With more than two classes the ROC curve has no rows.
    """
    scores = ("accuracy", "balanced_accuracy", "auc", "f1", "mcc", "brier", "ece")
    return Plots(
        folds=(
            ("fold", "clips", "subjects", *scores, *_OF_TRAINING),
            [row | _chosen(history, row["fold"]) for row in fold_rows(predictions)],
        ),
        roc=(
            ("false_positive_rate", "true_positive_rate", "threshold"),
            roc(predictions) if predictions.classes == 2 else [],
        ),
        confusion=(("actual", "predicted", "fold"), confusion(predictions, names=names)),
        calibration=(("bin", "probability", "share", "clips"), calibration(predictions)),
        training=(("fold", "epoch", "part", "loss"), _course(history, "loss")),
        accuracy=(("fold", "epoch", "part", "accuracy"), _course(history, "accuracy")),
    )


def _chosen(history: Sequence[Mapping[str, str]], fold: str) -> dict[str, str]:
    """Loss and accuracy of a fold's training part at the chosen epoch, as far as they are known."""
    rows = [row for row in history if row["fold"] == fold and row.get("chosen") in {"1", 1}]
    return {name: row.get(name, "") for row in rows for name in _OF_TRAINING}


def _course(history: Sequence[Mapping[str, str]], score: str) -> Rows:
    """Rows of a score by fold, epoch and part, for the parts that have it."""
    return [
        {"fold": row["fold"], "epoch": row["epoch"], "part": part, score: row[f"{part}_{score}"]}
        for row in history
        for part in ("train", "val", "test")
        if row.get(f"{part}_{score}")
    ]


def roc(predictions: Predictions, *, positive: int = 1) -> Rows:
    """The ROC curve of class `positive` against the rest, by falling threshold.

    The threshold of the first point is None, for infinity. A curve of more than POINTS points is
    thinned evenly along its length; points that are left out are about 0.01 or less from the next.
    No rows if all clips or none are positive.
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


def confusion(predictions: Predictions, *, names: Sequence[str]) -> Rows:
    """One row per clip, sorted by class; the confusion template of `dvc plots` counts them."""
    of = predictions
    triples = zip(of.label.tolist(), of.predicted.tolist(), of.fold.tolist(), strict=True)
    return [{"actual": names[a], "predicted": names[p], "fold": f} for a, p, f in sorted(triples)]


def calibration(predictions: Predictions) -> Rows:
    """The reliability diagram, a row per bin: mean probability, share that came true, clips."""
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
    """Indices of at most POINTS points of a curve, given their distances `along` it (n,)."""
    if len(along) <= POINTS:
        return np.arange(len(along))
    even = np.linspace(along[0], along[-1], POINTS)
    return np.asarray(np.unique(np.searchsorted(along, even)))
