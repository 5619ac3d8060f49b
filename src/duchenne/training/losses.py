"""Losses, class weights, and probabilities from logits."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from duchenne.nets.inputs import BLOCKS, FEATURES


@dataclass(frozen=True)
class Targets:
    """D-Markers to be predicted, (C, 225), standardised, plain and in a mirror."""

    values: Tensor
    in_mirror: Tensor
    valid: Tensor
    weight: float

    def loss(self, predicted: Tensor, clips: Tensor, mirrored: Tensor) -> Tensor:
        values = torch.where(mirrored[:, None], self.in_mirror[clips], self.values[clips])
        return self.weight * marker_loss(predicted, values, self.valid[clips])


def smile_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy from logits (B, 1) of two classes or (B, classes); `weights` (classes,)."""
    if logits.shape[1] == 1:
        each = functional.binary_cross_entropy_with_logits(
            logits[:, 0], labels.to(logits.dtype), reduction="none"
        )
    else:
        each = functional.cross_entropy(logits, labels, reduction="none")
    return (each * weights[labels]).mean()


def class_weights(labels: Tensor, *, classes: int, balance: bool) -> Tensor:
    """(classes,): 1 each, or such that all classes of these labels weigh the same."""
    if not balance:
        return torch.ones(classes, device=labels.device)
    counts = torch.bincount(labels, minlength=classes).float()
    return len(labels) / (classes * counts.clamp(min=1.0))


def probabilities(logits: Tensor) -> Tensor:
    """(B, 1) or (B, classes) → (B, classes), in double precision so that rows sum to 1."""
    wide = logits.double()
    if wide.shape[1] == 1:
        one = torch.sigmoid(wide)
        return torch.cat([1.0 - one, one], dim=1)
    return torch.softmax(wide, dim=1)


def marker_loss(predicted: Tensor, targets: Tensor, valid: Tensor) -> Tensor:
    """The Huber loss of D-Markers (B, 225). Targets that are not `valid` do not count: they may be
    NaN.

    It is the mean over the valid targets of each block (a region in a phase), then over the blocks
    that have any: a phase that is rarely found weighs as much as another. It is exactly 0 where
    nothing is valid. It is linear beyond one standard deviation, since accelerations have long
    tails. It is not squashed: the published sigmoid of the loss left a gradient of 5e-6 at the
    start.
    """
    known = torch.where(valid, targets, 0.0)
    errors = functional.huber_loss(predicted, known, reduction="none", delta=1.0)
    blocks = (-1, BLOCKS, FEATURES)
    total = torch.where(valid, errors, 0.0).reshape(blocks).sum(dim=(0, 2))
    count = valid.reshape(blocks).sum(dim=(0, 2))
    return (total / count.clamp(min=1)).sum() / (count > 0).sum().clamp(min=1)


def norms(parameters: Iterable[Tensor]) -> Tensor:
    """The sum of the tensors' L2 norms, not squared: RealSmileNet's penalty, times 0.001 there.

    Its gradient has the same length however small a tensor is, and is 0 for a tensor of zeros.
    """
    return torch.stack([torch.linalg.vector_norm(tensor) for tensor in parameters]).sum()
