"""What every fusion is, and the parts that most of them share.

A fusion makes one vector of what the trunk saw and of the clip's D-Markers. Landmarks and markers
are each projected to width 256, and a perceptron follows what joins them: this is common to all, so
that a difference between two is that of the joining.
"""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.inputs import MARKERS
from duchenne.nets.settings import WIDTH, Settings
from duchenne.nets.trunk import Features


class Fusion(nn.Module):
    """(features, D-Markers (B, M)) → (B, 256)."""

    uses_markers: ClassVar[bool] = True

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        del settings  # most need them, and all are built alike

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        raise NotImplementedError


def columns(settings: Settings) -> int:
    """M, where D-Markers are used: their values, then where they are missing."""
    return 2 * MARKERS if settings.indicators else MARKERS


def of_landmarks() -> nn.Linear:
    return nn.Linear(WIDTH, WIDTH)


def of_markers(settings: Settings) -> nn.Linear:
    return nn.Linear(columns(settings), WIDTH)


def perceptron(settings: Settings, *, inputs: int = WIDTH) -> nn.Module:
    """What follows the joining."""
    return nn.Sequential(
        nn.Linear(inputs, WIDTH),
        nn.ReLU(),
        nn.Dropout(settings.dropout),
        nn.Linear(WIDTH, WIDTH),
        nn.ReLU(),
    )


def normed(x: Tensor) -> Tensor:
    """Mean 0 and variance 1 within each vector, nothing learned.

    Both sides of a product need it: the published product of two free projections has long tails.
    """
    return functional.layer_norm(x, x.shape[-1:])
