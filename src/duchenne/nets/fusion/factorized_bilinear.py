"""Bilinear form of rank 512: W (U x ⊙ V m) of landmarks x and D-Markers m."""

from torch import Tensor, nn

from duchenne.nets.fusion.base import (
    OWN_TRUNK,
    Fusion,
    normed,
    of_landmarks,
    of_markers,
    perceptron,
)
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.trunk import Features

_RANK = 512


class FactorizedBilinear(Fusion):
    paper = "HadaSmileNet"
    published = 4_491_057
    differs = OWN_TRUNK

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = of_markers(settings)
        self.products = Factorized()
        self.mix = nn.Sequential(nn.LayerNorm(WIDTH), perceptron(settings))

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        landmarks, projected = self.landmarks(features.clip), self.markers(markers)
        mixed: Tensor = self.mix(self.products(normed(landmarks), normed(projected)))
        return mixed


class Factorized(nn.Module):
    """W (U x ⊙ V m) of two normalised vectors (B, 256) → (B, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.landmarks = nn.Linear(WIDTH, _RANK)
        self.markers = nn.Linear(WIDTH, _RANK)
        self.back = nn.Linear(_RANK, WIDTH)

    def forward(self, landmarks: Tensor, markers: Tensor) -> Tensor:
        summed: Tensor = self.back(self.landmarks(landmarks) * self.markers(markers))
        return summed
