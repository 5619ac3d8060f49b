"""Pre-norm transformer layers over the frames of a window or over the tokens of a frame."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.kernels.dropout import Dropout
from duchenne.nets.settings import WIDTH

# Longest wavelength over 2 pi, in frames; the shortest wavelength is 2 pi frames.
_LONGEST = 10_000.0
Axis = Literal["time", "space"]


def encoding(places: int, width: int, *, like: Tensor) -> Tensor:
    """Sinusoidal position encoding (places, width), sine and cosine in turn; dtype of `like`."""
    place = torch.arange(places, device=like.device, dtype=torch.float32)
    even = torch.arange(0, width, 2, device=like.device, dtype=torch.float32)
    angle = place[:, None] * torch.exp(even * (-math.log(_LONGEST) / width))
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1).to(like.dtype)


def attend(
    query: Tensor, key: Tensor, value: Tensor, *, heads: int, present: Tensor | None = None
) -> Tensor:
    """Scaled dot-product attention: query (B, S, C), key and value (B, K, C) → (B, S, C).

    Keys where `present` (B, K) is False are masked; at least one key must be present.
    """
    mask = None if present is None else present[:, None, None]  # (B, 1, 1, K)
    mixed = functional.scaled_dot_product_attention(
        _split(query, heads=heads), _split(key, heads=heads), _split(value, heads=heads), mask
    )
    return mixed.transpose(1, 2).flatten(2)


def _split(rows: Tensor, *, heads: int) -> Tensor:
    """(B, S, C) → (B, heads, S, C / heads)."""
    return rows.reshape(*rows.shape[:2], heads, -1).transpose(1, 2)


class Layer(nn.Module):
    """`x + attention(norm(x))`, then `x + perceptron(norm(x))`, over sequences (R, S, width)."""

    def __init__(self, width: int, *, heads: int, mlp: int, dropout: float) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"heads is {heads}; it must divide the width, {width}")
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Sequential(nn.Linear(width, width), Dropout(dropout))
        self.perceptron = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, mlp),
            nn.GELU(),
            Dropout(dropout),
            nn.Linear(mlp, width),
            Dropout(dropout),
        )

    def forward(self, x: Tensor, present: Tensor | None = None) -> Tensor:
        """`present` (R, S) says which tokens can be attended to; None: all."""
        query, key, value = self.query_key_value(self.before_attention(x)).chunk(3, dim=-1)
        seen = attend(query, key, value, heads=self.heads, present=present)
        x = x + self.output(seen)
        mixed: Tensor = x + self.perceptron(x)
        return mixed


class Transformer(nn.Module):
    """One layer for each of `axes`; (B, T, L, 256) → the same shape.

    A layer over "time" attends along the frames of each latent token, one over "space" along the
    latent tokens of each frame. A position encoding of time is added if any layer is over "time".
    """

    def __init__(self, axes: Sequence[Axis], *, heads: int, mlp: int, dropout: float) -> None:
        super().__init__()
        self.axes = tuple(axes)
        self.layers = nn.ModuleList(
            Layer(WIDTH, heads=heads, mlp=mlp, dropout=dropout) for _ in axes
        )

    def forward(self, tokens: Tensor, present: Tensor) -> Tensor:
        """No frame attends to frames where `present` (B, T) is False."""
        if "time" in self.axes:
            tokens = tokens + encoding(tokens.shape[1], WIDTH, like=tokens)[:, None]
        for axis, layer in zip(self.axes, self.layers, strict=True):
            over = _over_time if axis == "time" else _over_space
            tokens = over(layer, tokens, present)
        return tokens


def _over_time(layer: nn.Module, tokens: Tensor, present: Tensor) -> Tensor:
    batch, frames, latents, width = tokens.shape
    rows = tokens.transpose(1, 2).flatten(0, 1)  # (B·L, T, 256)
    mixed: Tensor = layer(rows, present.repeat_interleave(latents, dim=0))
    return mixed.reshape(batch, latents, frames, width).transpose(1, 2)


def _over_space(layer: nn.Module, tokens: Tensor, present: Tensor) -> Tensor:
    del present  # no masking is needed within a frame
    mixed: Tensor = layer(tokens.flatten(0, 1))  # (B·T, L, 256)
    return mixed.reshape(tokens.shape)
