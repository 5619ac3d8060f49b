"""Output layers: from the vector of a clip to logits or D-Markers."""

import torch
from torch import Tensor, nn

from duchenne.nets.inputs import BLOCKS, FEATURES
from duchenne.nets.settings import WIDTH


def largest(values: Tensor, present: Tensor) -> Tensor:
    """Max pooling of (B, S, C) over the tokens that are `present` (B, S) → (B, C)."""
    return values.masked_fill(~present[..., None], -torch.inf).amax(1)


def outputs(classes: int) -> int:
    """Number of logits: 1 for two classes, else one per class."""
    if classes < 2:
        raise ValueError(f"classes is {classes}; at least 2 are needed")
    return 1 if classes == 2 else classes


def logits(width: int, classes: int) -> nn.Linear:
    """(B, width) → a single logit for two classes, (B, 1), else (B, classes)."""
    return nn.Linear(width, outputs(classes))


def smile_head(classes: int) -> nn.Module:
    """(B, 256) → logits: a single one for two classes, (B, 1), else (B, classes)."""
    return _head(outputs(classes))


class MarkerHeads(nn.Module):
    """(B, 256) → (B, 225): one head for each region and phase.

    The paper describes several heads; the released code has one for all D-Markers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_head(FEATURES) for _ in range(BLOCKS))

    def forward(self, clip: Tensor) -> Tensor:
        return torch.cat([head(clip) for head in self.blocks], dim=1)


def _head(outputs: int) -> nn.Module:
    return nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, outputs))
