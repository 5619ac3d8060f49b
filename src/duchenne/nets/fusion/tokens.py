"""D-Markers as a sequence of nine tokens, for the fusions with attention."""

import torch
from torch import Tensor, nn

from duchenne.nets.fusion.base import of_markers
from duchenne.nets.inputs import BLOCKS, FEATURES
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.transformer import encoding

# How the published fusions with attention differ from ours.
ONE_ELEMENT = "published with sequences of one element, so that the landmarks had no effect"


class MarkerTokens(nn.Module):
    """(B, M) → (B, 9, 256): a token for each region and phase.

    Each token is a linear map of its own block of 25 D-Markers. The weights have the shape of the
    single map (256, M) of the other fusions; they are initialised for 25 inputs, not for 225.
    """

    def __init__(self, settings: MeshSettings) -> None:
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
    """Tokens plus a sinusoidal encoding of their block, for keys.

    Values are made of the tokens alone, without encoding or bias, so that the result has no part
    that is the same for all clips. With it, one of three trials kept predicting the majority class.
    """
    return tokens + encoding(BLOCKS, WIDTH, like=tokens)
