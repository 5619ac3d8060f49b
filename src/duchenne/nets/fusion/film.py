"""The D-Markers scale and shift each element of the landmarks (FiLM).

The published scale and shift end in a ReLU, and so can neither turn a sign nor lower anything. Here
they are free, and the scale starts near 1.
"""

from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, of_landmarks, of_markers, perceptron
from duchenne.nets.settings import WIDTH, Settings
from duchenne.nets.trunk import Features


class Film(Fusion):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = of_markers(settings)
        self.conditions = conditions()
        self.mix = perceptron(settings)

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        scale, shift = self.conditions(self.markers(markers)).chunk(2, dim=1)
        mixed: Tensor = self.mix((1.0 + scale) * self.landmarks(features.clip) + shift)
        return mixed


def conditions() -> nn.Module:
    """(B, 256) → (B, 512): a scale and a shift for each element."""
    return nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, 2 * WIDTH))
