"""FiLM: the D-Markers give a scale and a shift for each element of the landmarks.

The published scale and shift end in a ReLU, so they can neither change a sign nor decrease a value.
Here they have no ReLU, and the scale starts near 1.
"""

from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, of_landmarks, of_markers, perceptron
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.trunk import Features


class Film(Fusion):
    paper = "HadaSmileNet"
    published = 5_545_809
    differs = (
        "scale and shift do not end in a ReLU, which let them lower nothing; the scale starts at 1"
    )

    def __init__(self, settings: MeshSettings) -> None:
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
