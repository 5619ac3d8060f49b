"""Convolutions of very many pictures with very few channels.

On a CPU they take an eighth of the time with channels last (3 to 3 channels, 256 pictures of 48 px,
forward and backward on one core: 41 ms for 377), while norms are then ten times slower.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class NarrowConv(nn.Conv2d):
    """3 × 3, and the picture keeps its size."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(channels, out, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return narrow_conv(x, self.weight, self.bias)


def narrow_conv(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """(F, i, H, W), (o, i, 3, 3) → (F, o, H, W), channels first before and after."""
    if x.is_cuda:
        return functional.conv2d(x, weight, bias, padding=1)
    x = x.contiguous(memory_format=torch.channels_last)
    return functional.conv2d(x, weight, bias, padding=1).contiguous()
