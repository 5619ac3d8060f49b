"""The Hadamard product of `hadamard` plus the gated mixture of `gated_concat`."""

from torch import Tensor

from duchenne.nets.fusion.base import (
    NORMED_PRODUCT,
    Fusion,
    normed,
    of_landmarks,
    of_markers,
    perceptron,
)
from duchenne.nets.fusion.gated_concat import Gate
from duchenne.nets.settings import MeshSettings
from duchenne.nets.trunk import Features


class HadamardGated(Fusion):
    paper = "HadaSmileNet"
    published = 5_282_897
    differs = NORMED_PRODUCT

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = of_markers(settings)
        self.gate = Gate()
        self.mix = perceptron(settings)

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        projected = self.markers(markers)
        product = normed(self.landmarks(features.clip)) * normed(projected)
        mixed: Tensor = self.mix(product + self.gate(features.clip, projected))
        return mixed
