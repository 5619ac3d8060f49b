"""The bilinear form of `factorized_bilinear` plus the Hadamard product of `hadamard`."""

from torch import Tensor, nn

from duchenne.nets.fusion.base import (
    OWN_TRUNK,
    Fusion,
    normed,
    of_landmarks,
    of_markers,
    perceptron,
)
from duchenne.nets.fusion.factorized_bilinear import Factorized
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.trunk import Features


class FactorizedBilinearHadamard(Fusion):
    paper = "HadaSmileNet"
    published = 4_556_849
    differs = OWN_TRUNK

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = of_markers(settings)
        self.products = Factorized()
        self.mix = nn.Sequential(
            nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.LayerNorm(WIDTH), perceptron(settings)
        )

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        landmarks, projected = normed(self.landmarks(features.clip)), normed(self.markers(markers))
        mixed: Tensor = self.mix(self.products(landmarks, projected) + landmarks * projected)
        return mixed
