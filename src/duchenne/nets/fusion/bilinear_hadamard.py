"""The bilinear form of `bilinear` plus the Hadamard product of `hadamard`."""

from torch import Tensor, nn

from duchenne.nets.fusion.base import (
    OWN_TRUNK,
    Fusion,
    normed,
    of_landmarks,
    of_markers,
    perceptron,
)
from duchenne.nets.fusion.bilinear import Products
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.trunk import Features


class BilinearHadamard(Fusion):
    paper = "HadaSmileNet"
    published = 20_939_825
    differs = OWN_TRUNK

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = of_markers(settings)
        self.products = Products()
        self.mix = nn.Sequential(
            nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.LayerNorm(WIDTH), perceptron(settings)
        )

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        landmarks, projected = normed(self.landmarks(features.clip)), normed(self.markers(markers))
        mixed: Tensor = self.mix(self.products(landmarks, projected) + landmarks * projected)
        return mixed
