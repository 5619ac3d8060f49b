"""No fusion: the landmarks speak for themselves (MeshSmileNet, DeepMarkerNet)."""

from typing import ClassVar

from torch import Tensor

from duchenne.nets.fusion.base import Fusion
from duchenne.nets.trunk import Features


class Alone(Fusion):
    uses_markers: ClassVar[bool] = False

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        del markers  # may be empty
        return features.clip
