"""From the vector of a clip to what is asked of it."""

import torch
from torch import Tensor, nn

from duchenne.nets.inputs import BLOCKS, FEATURES
from duchenne.nets.settings import WIDTH
from duchenne.nets.verdict import outputs


def smile_head(classes: int) -> nn.Module:
    """(B, 256) → logits: a single one for two classes, (B, 1), else (B, classes)."""
    return _head(outputs(classes))


class MarkerHeads(nn.Module):
    """(B, 256) → (B, 225): for each region and phase a head of its own.

    The paper describes several, the released code has one for all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_head(FEATURES) for _ in range(BLOCKS))

    def forward(self, clip: Tensor) -> Tensor:
        return torch.cat([head(clip) for head in self.blocks], dim=1)


def _head(outputs: int) -> nn.Module:
    return nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, outputs))
