"""The frames of a batch of windows that are there, for networks that look at face chips.

Only they are looked at, all in one go, and where they meet again those of a window close ranks: an
absent frame leaves neither a trace nor a gap, so that padding a window, wherever, changes nothing.
"""

from typing import NamedTuple

import torch
from torch import Tensor

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
    chips = pictures.chips[pictures.present].permute(0, 3, 1, 2)
    return Frames(chips.contiguous().float().div_(255.0), places < counts)


def by_window(rows: Tensor, present: Tensor) -> Tensor:
    """What was made of the frames, (F, …) → (B, S, …), 0 in places that are left over."""
    windows = rows.new_zeros((*present.shape, *rows.shape[1:]))
    windows[present] = rows
    return windows


def last(windows: Tensor, present: Tensor) -> Tensor:
    """(B, S, …) → (B, …) of each window's last frame; whatever comes after it is not read."""
    counts = present.sum(dim=1)
    return windows[torch.arange(len(counts), device=counts.device), counts - 1]
