"""Hadamard product of the normalised projections of landmarks and D-Markers."""

from torch import Tensor

from duchenne.nets.fusion.base import (
    NORMED_PRODUCT,
    Fusion,
    normed,
    of_landmarks,
    of_markers,
    perceptron,
)
from duchenne.nets.settings import MeshSettings
from duchenne.nets.trunk import Features


class Hadamard(Fusion):
    paper = "HadaSmileNet"
    published = 5_151_569
    differs = NORMED_PRODUCT

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = of_markers(settings)
        self.mix = perceptron(settings)

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        product = normed(self.landmarks(features.clip)) * normed(self.markers(markers))
        mixed: Tensor = self.mix(product)
        return mixed
