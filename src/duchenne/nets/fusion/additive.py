"""A weighted sum of landmarks and D-Markers; the two weights add to 1 and go by the clip."""

import torch
from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, of_landmarks, of_markers
from duchenne.nets.settings import WIDTH, Settings
from duchenne.nets.trunk import Features


class Additive(Fusion):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.landmarks = _side(of_landmarks(), settings)
        self.markers = _side(of_markers(settings), settings)
        self.weights = nn.Linear(2 * WIDTH, 2)
        self.mix = nn.Sequential(  # wider than that of the other fusions, as published
            nn.LayerNorm(WIDTH),
            nn.Linear(WIDTH, 2 * WIDTH),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(2 * WIDTH, WIDTH),
        )

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        sides = torch.stack((self.landmarks(features.clip), self.markers(markers)), dim=1)
        weights = self.weights(sides.flatten(1)).softmax(dim=1)  # (B, 2)
        mixed: Tensor = self.mix((weights[..., None] * sides).sum(dim=1))
        return mixed


def _side(projection: nn.Linear, settings: Settings) -> nn.Module:
    return nn.Sequential(projection, nn.LayerNorm(WIDTH), nn.ReLU(), nn.Dropout(settings.dropout))
