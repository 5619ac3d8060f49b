"""Every product of an element of the landmarks with one of the D-Markers, freely weighted."""

from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, normed, of_landmarks, of_markers, perceptron
from duchenne.nets.settings import WIDTH, Settings
from duchenne.nets.trunk import Features


class Bilinear(Fusion):
    def __init__(self, settings: Settings) -> None:
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
    """Weighted sums of all 65,536 products of two normed vectors (B, 256) → (B, 256).

    It starts with outputs of variance 1, whereas torch's start would give 85 and drown whatever is
    added. Written out, because nn.Bilinear's way back takes 2 to 7 times as long on the CPU.
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
