"""What lies in a fold's folder: the weights (model.safetensors), everything else that using them
needs (model.json), the predictions, and the course of training."""

from pathlib import Path
from typing import NamedTuple


class Files(NamedTuple):
    """What lies in a fold's folder."""

    weights: Path
    facts: Path
    predictions: Path
    history: Path


def files(folder: Path) -> Files:
    names = ("model.safetensors", "model.json", "predictions.parquet", "history.json")
    return Files(*(folder / name for name in names))
