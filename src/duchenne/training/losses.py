"""What training makes small, and the probabilities that come out."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from duchenne.nets.losses import marker_loss


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
    """1 for every class, or weights by which all classes of these labels weigh the same."""
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
