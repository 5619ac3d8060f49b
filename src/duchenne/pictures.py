"""The data behind the pictures of a result; dvc.yaml says how each is drawn."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from duchenne.evaluation import curves
from duchenne.evaluation.scores import Predictions
from duchenne.evaluation.summary import fold_rows

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
            curves.roc(predictions) if predictions.classes == 2 else [],
        ),
        confusion=(("actual", "predicted"), curves.confusion(predictions, names=names)),
        calibration=(("bin", "probability", "share", "clips"), curves.calibration(predictions)),
        training=(("fold", "epoch", "part", "loss"), _course(history, "loss")),
        accuracy=(("fold", "epoch", "part", "accuracy"), _course(history, "accuracy")),
    )


def read_history(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _course(history: Sequence[Mapping[str, str]], score: str) -> Rows:
    """A score after each epoch, one a row: of what chose the epoch, and, where it has one, of the
    training part."""
    return [
        {"fold": row["fold"], "epoch": row["epoch"], "part": part, score: row[f"{part}_{score}"]}
        for row in history
        for part in ("train", "val", "test")
        if row.get(f"{part}_{score}")
    ]
