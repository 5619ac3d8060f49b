"""For networks that judge pictures one by one: the frames apart, and what they say together."""

import torch
from torch import Tensor
from torch.nn import functional

from duchenne.nets.frames import by_window


def mean(values: Tensor, present: Tensor) -> Tensor:
    """Of each window's frames: (F, K) → (B, K)."""
    return by_window(values, present).sum(dim=1) / present.sum(dim=1, keepdim=True)


def verdict(logits: Tensor, present: Tensor) -> Tensor:
    """Logits of each window's mean class probabilities: (F, 1 or classes) → (B, 1 or classes).

    Of many classes they are the logarithms of the means. All of it is done in logarithms, so that
    the surest frames can still be taught.
    """
    if logits.shape[1] > 1:
        return _log_mean(functional.log_softmax(logits, dim=1), present)
    both = torch.cat((logits, -logits), dim=1)
    yes, no = _log_mean(functional.logsigmoid(both), present).chunk(2, dim=1)
    return yes - no


def _log_mean(logs: Tensor, present: Tensor) -> Tensor:
    """log(mean(exp(logs))) of each window's frames: (F, K) → (B, K)."""
    windows = by_window(logs, present, absent=-torch.inf)
    return windows.logsumexp(dim=1) - present.sum(dim=1, keepdim=True).log()
