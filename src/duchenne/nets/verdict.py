"""From many vectors to one, and from that to logits."""

import torch
from torch import Tensor, nn


def largest(values: Tensor, present: Tensor) -> Tensor:
    """The largest of every feature of (B, S, C) where `present` (B, S) → (B, C)."""
    return values.masked_fill(~present[..., None], -torch.inf).amax(1)


def outputs(classes: int) -> int:
    """Columns of the logits: two classes need one."""
    if classes < 2:
        raise ValueError(f"classes is {classes}; there are at least 2 to be told apart")
    return 1 if classes == 2 else classes


def logits(width: int, classes: int) -> nn.Linear:
    """(B, width) → a single logit for two classes, (B, 1), else (B, classes)."""
    return nn.Linear(width, outputs(classes))
