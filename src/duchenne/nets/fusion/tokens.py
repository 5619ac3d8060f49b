"""The D-Markers as a sequence, for the fusions that attend to them."""

import torch
from torch import Tensor, nn

from duchenne.nets.fusion.base import of_markers
from duchenne.nets.inputs import BLOCKS, FEATURES
from duchenne.nets.settings import WIDTH, Settings
from duchenne.nets.transformer import encoding


class MarkerTokens(nn.Module):
    """(B, M) → (B, 9, 256): a token for each region and phase.

    The weights are those of the one linear map that other fusions have, block by block. They start
    as a map of 25 inputs would, not of 225.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.linear = of_markers(settings)
        bound = (BLOCKS / self.linear.in_features) ** 0.5
        nn.init.uniform_(self.linear.weight, -bound, bound)
        nn.init.uniform_(self.linear.bias, -bound, bound)

    def forward(self, markers: Tensor) -> Tensor:
        values = markers.reshape(len(markers), -1, BLOCKS, FEATURES)  # values, then indicators
        weight = self.linear.weight.reshape(WIDTH, -1, BLOCKS, FEATURES)
        return torch.einsum("bkjf,ckjf->bjc", values, weight) + self.linear.bias


def addressed(tokens: Tensor) -> Tensor:
    """The tokens with a fixed code of the block that each stands for: what keys are made of.

    Values are better made of the bare tokens, and without bias: what is common to all clips then
    stays out of the answers. With it, one of three trials never left the majority's answer.
    """
    return tokens + encoding(BLOCKS, WIDTH, like=tokens)
