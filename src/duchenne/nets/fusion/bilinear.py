"""Full bilinear form: y_k = Σ_ij W_kij x_i m_j + b_k of landmarks x and D-Markers m."""

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


class Bilinear(Fusion):
    paper = "HadaSmileNet"
    published = 20_874_033
    differs = OWN_TRUNK

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = of_markers(settings)
        self.products = Products()
        self.mix = nn.Sequential(nn.LayerNorm(WIDTH), perceptron(settings))

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        landmarks, projected = self.landmarks(features.clip), self.markers(markers)
        mixed: Tensor = self.mix(self.products(normed(landmarks), normed(projected)))
        return mixed


class Products(nn.Module):
    """Weighted sums of all 65,536 products of two normalised vectors (B, 256) → (B, 256).

    Initialised so that outputs have variance 1; with torch's initialisation it would be 85, and
    outweigh what `bilinear_hadamard` adds. Not nn.Bilinear, whose backward pass takes 2 to 7 times
    as long on a CPU.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weighting = nn.Linear(WIDTH * WIDTH, WIDTH)
        nn.init.normal_(self.weighting.weight, std=WIDTH**-0.5)
        nn.init.zeros_(self.weighting.bias)

    def forward(self, landmarks: Tensor, markers: Tensor) -> Tensor:
        products = landmarks[:, :, None] * markers[:, None] / WIDTH**0.5
        summed: Tensor = self.weighting(products.flatten(1))
        return summed
