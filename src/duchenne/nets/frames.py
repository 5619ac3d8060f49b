"""The frames of a batch of windows that are there, for networks that look at face chips.

Only they are looked at, all in one go, and where they meet again those of a window close ranks: an
absent frame leaves neither a trace nor a gap, so that padding a window, wherever, changes nothing.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from duchenne.nets.inputs import Pictures


class Frames(NamedTuple):
    """The F present frames of B windows, of which none has more than S."""

    pixels: Tensor  # (F, C, H, W) float32, 0 to 1; window after window, in time
    present: Tensor  # (B, S) bool; a window with three frames has them in its first three places


def frames_of(pictures: Pictures, *, side: int, channels: int) -> Frames:
    given, wanted = tuple(pictures.chips.shape[2:]), (side, side, channels)
    if given != wanted:
        raise ValueError(f"a chip is {given}, and this network looks at {wanted}")
    counts = pictures.present.sum(dim=1, keepdim=True)
    places = torch.arange(int(counts.max()), device=counts.device)
    return Frames(pixels_of(pictures), places < counts)


def pixels_of(pictures: Pictures) -> Tensor:
    """The F present frames, window after window, as (F, C, H, W) float32 from 0 to 1."""
    chips = pictures.chips[pictures.present].permute(0, 3, 1, 2)
    return chips.contiguous().float().div_(255.0)


def by_window(rows: Tensor, present: Tensor, *, absent: float = 0.0) -> Tensor:
    """What was made of the F frames, (F, …) → (B, S, …), at the places where `present` is True."""
    windows = rows.new_full((*present.shape, *rows.shape[1:]), absent)
    windows[present] = rows
    return windows


def last(windows: Tensor, present: Tensor) -> Tensor:
    """(B, S, …) → (B, …) of each window's last frame; whatever comes after it is not read."""
    counts = present.sum(dim=1)
    return windows[torch.arange(len(counts), device=counts.device), counts - 1]


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
