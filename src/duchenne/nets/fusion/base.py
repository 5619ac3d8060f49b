"""The base class of the fusions, and the layers that most of them share.

A fusion combines the trunk's features with the clip's D-Markers into one vector. Most project
landmarks and D-Markers to width 256, combine them, and apply a perceptron: with the same layers
around it, a difference between two fusions is due to the combination.
"""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.inputs import MARKERS
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.trunk import Features

NORMED_PRODUCT = "both sides of the product are normalised: free projections give it long tails"
OWN_TRUNK = f"the common trunk; published with one of its own, so incomparable; {NORMED_PRODUCT}"


class Fusion(nn.Module):
    """(features, D-Markers (B, M)) → (B, 256). The class attributes are for docs/models.md."""

    uses_markers: ClassVar[bool] = True  # as an input
    predicts_markers: ClassVar[bool] = False  # the network also has heads that predict them
    paper: ClassVar[str] = ""
    published: ClassVar[int | None] = None  # parameters of the paper's own network, if known
    differs: ClassVar[str] = ""  # how ours differs from the paper's

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__()
        del settings  # for subclasses, which are all built with the same arguments

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        raise NotImplementedError


def columns(settings: MeshSettings) -> int:
    """M, the number of D-Marker inputs: values, then with `indicators` 1 where one is missing."""
    return 2 * MARKERS if settings.indicators else MARKERS


def of_landmarks() -> nn.Linear:
    return nn.Linear(WIDTH, WIDTH)


def of_markers(settings: MeshSettings) -> nn.Linear:
    return nn.Linear(columns(settings), WIDTH)


def perceptron(settings: MeshSettings, *, inputs: int = WIDTH) -> nn.Module:
    """The layers after the combination: (B, inputs) → (B, 256)."""
    return nn.Sequential(
        nn.Linear(inputs, WIDTH),
        nn.ReLU(),
        nn.Dropout(settings.dropout),
        nn.Linear(WIDTH, WIDTH),
        nn.ReLU(),
    )


def normed(x: Tensor) -> Tensor:
    """Layer normalisation without parameters: mean 0 and variance 1 within each vector.

    Both factors of a product need it: the published product of two free projections has long tails.
    """
    return functional.layer_norm(x, x.shape[-1:])
