"""Where in a sequence a token stands: sines and cosines, nothing learned (Vaswani et al. 2017).

The published networks add this code inside every attention of every layer, to a doubled and twice
dropped-out input, and to latent tokens as well, which have no order. Here it is added once, to what
enters a transformer, and to frames only.
"""

import math

import torch
from torch import Tensor

# Of the slowest wave, in frames over 2 pi; the fastest repeats after 2 pi frames.
_LONGEST = 10_000.0


def encoding(places: int, width: int, *, like: Tensor) -> Tensor:
    """(places, width), sine and cosine in turn, with the type and on the device of `like`."""
    place = torch.arange(places, device=like.device, dtype=torch.float32)
    even = torch.arange(0, width, 2, device=like.device, dtype=torch.float32)
    angle = place[:, None] * torch.exp(even * (-math.log(_LONGEST) / width))
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1).to(like.dtype)
