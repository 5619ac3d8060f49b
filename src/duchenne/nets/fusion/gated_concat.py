"""Gated mixture of landmarks x and projected D-Markers m: mix(g ⊙ x + (1 - g) ⊙ m)."""

import torch
from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, of_markers, perceptron
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.trunk import Features


class GatedConcat(Fusion):
    paper = "HadaSmileNet"
    published = 5_217_105

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.markers = of_markers(settings)
        self.gate = Gate()
        self.mix = perceptron(settings)

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        mixed: Tensor = self.mix(self.gate(features.clip, self.markers(markers)))
        return mixed


class Gate(nn.Module):
    """g ⊙ x + (1 - g) ⊙ m with g = σ(W [x; m] + b), for x and m of shape (B, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.share = nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, landmarks: Tensor, markers: Tensor) -> Tensor:
        share = torch.sigmoid(self.share(torch.cat((landmarks, markers), dim=1)))
        return share * landmarks + (1.0 - share) * markers
