"""Concatenation of landmarks and projected D-Markers: mix([x; m])."""

import torch
from torch import Tensor

from duchenne.nets.fusion.base import Fusion, of_markers, perceptron
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.trunk import Features


class Concat(Fusion):
    paper = "HadaSmileNet"
    published = 5_151_313

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.markers = of_markers(settings)
        self.mix = perceptron(settings, inputs=2 * WIDTH)

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        both = torch.cat((features.clip, self.markers(markers)), dim=1)
        mixed: Tensor = self.mix(both)
        return mixed
