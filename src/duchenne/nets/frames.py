"""Absent frames of face chips: how networks leave them out.

Present frames are flattened over the batch, encoded together, and put back into windows without
gaps. So an absent frame, or padding anywhere in a window, changes no output.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from duchenne.nets.inputs import Pictures


class Frames(NamedTuple):
    """The F present frames of B windows with at most S present frames each."""

    pixels: Tensor  # (F, C, H, W) float32, 0 to 1; window by window, in order of time
    present: Tensor  # (B, S) bool; of a window with three present frames the first three are True


def frames_of(pictures: Pictures, *, side: int, channels: int) -> Frames:
    given, wanted = tuple(pictures.chips.shape[2:]), (side, side, channels)
    if given != wanted:
        raise ValueError(f"a chip is {given}, and this network takes {wanted}")
    counts = pictures.present.sum(dim=1, keepdim=True)
    places = torch.arange(int(counts.max()), device=counts.device)
    return Frames(pixels_of(pictures), places < counts)


def pixels_of(pictures: Pictures) -> Tensor:
    """The F present frames, window by window, as (F, C, H, W) float32 in 0 to 1."""
    chips = pictures.chips[pictures.present].permute(0, 3, 1, 2)
    return chips.contiguous().float().div_(255.0)


def by_window(rows: Tensor, present: Tensor, *, absent: float = 0.0) -> Tensor:
    """Features of the F present frames (F, …) → (B, S, …), `absent` where `present` is False."""
    windows = rows.new_full((*present.shape, *rows.shape[1:]), absent)
    windows[present] = rows
    return windows


def last(windows: Tensor, present: Tensor) -> Tensor:
    """The last present frame of each window: (B, S, …) → (B, …)."""
    counts = present.sum(dim=1)
    return windows[torch.arange(len(counts), device=counts.device), counts - 1]


def mean(values: Tensor, present: Tensor) -> Tensor:
    """The mean over each window's present frames: (F, K) → (B, K)."""
    return by_window(values, present).sum(dim=1) / present.sum(dim=1, keepdim=True)


def mean_probabilities(logits: Tensor, present: Tensor) -> Tensor:
    """Logits of each window's mean class probabilities: (F, 1 or classes) → (B, 1 or classes).

    For more than two classes the logits are the logarithms of the means. Computed in logarithms, so
    that frames with saturated probabilities still have a gradient.
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
