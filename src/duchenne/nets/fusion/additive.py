"""Weighted sum of landmarks and D-Markers; the two weights are a softmax of both sides."""

import torch
from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, of_landmarks, of_markers
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.trunk import Features


class Additive(Fusion):
    paper = "HadaSmileNet"
    published = 5_285_459

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = _side(of_landmarks(), settings)
        self.markers = _side(of_markers(settings), settings)
        self.weights = nn.Linear(2 * WIDTH, 2)
        self.mix = nn.Sequential(  # hidden width 512, as published; other fusions have 256
            nn.LayerNorm(WIDTH),
            nn.Linear(WIDTH, 2 * WIDTH),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(2 * WIDTH, WIDTH),
            nn.ReLU(),
        )

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        sides = torch.stack((self.landmarks(features.clip), self.markers(markers)), dim=1)
        weights = self.weights(sides.flatten(1)).softmax(dim=1)  # (B, 2)
        mixed: Tensor = self.mix((weights[..., None] * sides).sum(dim=1))
        return mixed


def _side(projection: nn.Linear, settings: MeshSettings) -> nn.Module:
    return nn.Sequential(projection, nn.LayerNorm(WIDTH), nn.ReLU(), nn.Dropout(settings.dropout))
