"""FiLM of normalised landmarks, with a scale in (0, 2), plus the Hadamard product of `hadamard`."""

import torch
from torch import Tensor, nn

from duchenne.nets.fusion.base import (
    NORMED_PRODUCT,
    Fusion,
    normed,
    of_landmarks,
    of_markers,
    perceptron,
)
from duchenne.nets.fusion.film import conditions
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.trunk import Features


class FilmHadamard(Fusion):
    paper = "HadaSmileNet"
    published = 5_546_321
    differs = NORMED_PRODUCT

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = of_markers(settings)
        self.conditions = conditions()
        self.norm = nn.LayerNorm(WIDTH)
        self.mix = perceptron(settings)

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        landmarks, projected = self.landmarks(features.clip), self.markers(markers)
        scale, shift = self.conditions(projected).chunk(2, dim=1)
        film = 2.0 * torch.sigmoid(scale) * self.norm(landmarks) + shift
        mixed: Tensor = self.mix(film + normed(landmarks) * normed(projected))
        return mixed
