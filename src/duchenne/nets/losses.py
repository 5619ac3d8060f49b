"""What training makes small beside a classifier's own loss."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from duchenne.nets.inputs import BLOCKS, FEATURES


def marker_loss(predicted: Tensor, targets: Tensor, valid: Tensor) -> Tensor:
    """A number from (B, 225) each; only where `valid` does a target count, and may it be NaN.

    The mean over each region's and phase's valid targets, then over the blocks that have any: a
    phase that is rarely found weighs as much as another. Exactly 0 where nothing is valid. Huber,
    beyond one standard deviation linear, since accelerations have long tails. It is not squashed:
    the published sigmoid of the loss left a gradient of 5e-6 at the start.
    """
    known = torch.where(valid, targets, 0.0)
    errors = functional.huber_loss(predicted, known, reduction="none", delta=1.0)
    blocks = (-1, BLOCKS, FEATURES)
    total = torch.where(valid, errors, 0.0).reshape(blocks).sum(dim=(0, 2))
    count = valid.reshape(blocks).sum(dim=(0, 2))
    return (total / count.clamp(min=1)).sum() / (count > 0).sum().clamp(min=1)


def norms(parameters: Iterable[Tensor]) -> Tensor:
    """The sum of the tensors' lengths, not squared: RealSmileNet's penalty, taken 0.001 times.

    Its pull on a whole tensor is the same however short it is; where one is zero there is none.
    """
    return torch.stack([torch.linalg.vector_norm(tensor) for tensor in parameters]).sum()
