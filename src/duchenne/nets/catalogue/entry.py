"""What is said of a model, and how large it is."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Entry:
    """One choice of `model` and `fusion` (or of a key of the model's own); needs are in words."""

    model: str
    variant: str  # the fusion, or `key: value`; empty where there is nothing to choose
    parameters: int | None  # None where their number depends on the clips that it is fitted to
    published: int | None  # what the paper's own code has; None: not known
    training: str
    inference: str
    paper: str
    ours: str  # where it differs from the published one, and why; empty: in nothing of its own


def size(build: Callable[[], nn.Module]) -> int:
    """The number of parameters, counted without giving them memory or values."""
    with torch.device("meta"):
        return sum(values.numel() for values in build().parameters())
