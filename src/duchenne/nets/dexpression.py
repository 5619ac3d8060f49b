"""DeXpression (Burkert et al. 2015): a small convolutional network for one grey face.

Two FeatEx blocks, each a 3 × 3 convolution and a 3 × 3 max pooling in parallel. As in the public
PyTorch version, a layer norm with a weight for each value replaces the paper's local response
normalisation.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.frames import mean_probabilities, pixels_of
from duchenne.nets.heads import outputs
from duchenne.nets.inputs import Output, Pictures

_STEM = 64
_SMALLEST = 45  # px; the last map is then 2 × 2, so that batch statistics exist for a single face


class DeXpression(nn.Module):
    """Classifies each frame by itself; the probabilities of a clip are the means of its frames'."""

    def __init__(self, *, classes: int, side: int = 224) -> None:
        super().__init__()
        if side < _SMALLEST:
            raise ValueError(f"side is {side}; at least {_SMALLEST} px leave something to classify")
        first = _pooled((side - 1) // 2 + 1)
        last = _pooled(_pooled(first))
        self.stem = nn.Sequential(
            nn.Conv2d(1, _STEM, kernel_size=7, stride=2, padding=3),
            nn.ReLU(),
            _pool(),
            nn.LayerNorm((_STEM, first, first)),
        )
        self.features = nn.Sequential(FeatEx(_STEM), _pool(), FeatEx(FeatEx.width), _pool())
        self.head = nn.Sequential(
            nn.Dropout(0.2),
            nn.BatchNorm2d(FeatEx.width),
            nn.Flatten(),
            nn.Linear(FeatEx.width * last**2, outputs(classes)),
        )

    def forward(self, pictures: Pictures) -> Output:
        """Of grey chips (B, T, side, side, 1)."""
        frames = pixels_of(pictures)
        logits = self.head(self.features(self.stem(frames)))
        return Output(mean_probabilities(logits, pictures.present))


class FeatEx(nn.Module):
    """Parallel feature extraction: (F, planes, S, S) → (F, 272, S, S)."""

    width = 208 + 64

    def __init__(self, planes: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(planes, 96, kernel_size=1)
        self.around = nn.Conv2d(96, 208, kernel_size=3, padding=1)
        self.most = nn.MaxPool2d(kernel_size=3, stride=1, padding=1)
        self.of_most = nn.Conv2d(planes, 64, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        around = self.around(functional.relu(self.narrow(x)))
        return functional.relu(torch.cat((around, self.of_most(self.most(x))), dim=1))


def _pool() -> nn.Module:
    return nn.MaxPool2d(kernel_size=3, stride=2)


def _pooled(side: int) -> int:
    return (side - 3) // 2 + 1
