"""The files in a fold's folder: weights (model.safetensors), all else that is needed to use them
(model.json), predictions, and training history.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from duchenne.errors import EvaluationError


class Files(NamedTuple):
    """Paths of the files in a fold's folder."""

    weights: Path
    facts: Path
    predictions: Path
    history: Path


def files(folder: Path) -> Files:
    """The files in the folder of a fold."""
    names = ("model.safetensors", "model.json", "predictions.parquet", "history.json")
    return Files(*(folder / name for name in names))


def read_models(folder: Path, folds: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read model.json of each fold. Missing and extra folds are errors."""
    found = {place.name for place in folder.iterdir() if place.is_dir()}
    if found != set(folds):
        raise EvaluationError(
            f"{folder} holds the folds {', '.join(sorted(found)) or 'none'}, and the split has "
            f"{', '.join(sorted(folds))}; `dvc repro` trains all of one split"
        )
    return {
        fold: json.loads(files(folder / fold).facts.read_text(encoding="utf-8")) for fold in folds
    }
