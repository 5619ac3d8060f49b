"""Pre-norm transformer layers over the frames of a window or over the tokens of a frame."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from duchenne.nets.attention import attend
from duchenne.nets.kernels.dropout import Dropout
from duchenne.nets.kernels.shares import apart
from duchenne.nets.position import encoding
from duchenne.nets.settings import WIDTH

Axis = Literal["time", "space"]


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
        """`present` (R, S) says which places may be looked at; None: all."""
        query, key, value = self.query_key_value(self.before_attention(x)).chunk(3, dim=-1)
        seen = attend(query, key, value, heads=self.heads, present=present)
        x = x + self.output(seen)
        mixed: Tensor = x + self.perceptron(x)
        return mixed


class Transformer(nn.Module):
    """One layer for each of `axes`; (B, T, L, 256) → the same shape.

    A layer over "time" looks along the frames of each token, one over "space" along the tokens of
    each frame. Frames get their place in time as soon as any layer looks along it.
    """

    def __init__(self, axes: Sequence[Axis], *, heads: int, mlp: int, dropout: float) -> None:
        super().__init__()
        self.axes = tuple(axes)
        self.layers = nn.ModuleList(
            Layer(WIDTH, heads=heads, mlp=mlp, dropout=dropout) for _ in axes
        )

    def forward(self, tokens: Tensor, present: Tensor) -> Tensor:
        """Frames where `present` (B, T) is False are looked at by no other."""
        if "time" in self.axes:
            tokens = tokens + encoding(tokens.shape[1], WIDTH, like=tokens)[:, None]
        for axis, layer in zip(self.axes, self.layers, strict=True):
            over = _over_time if axis == "time" else _over_space
            tokens = over(layer, tokens, present)
        return tokens


def _over_time(layer: nn.Module, tokens: Tensor, present: Tensor) -> Tensor:
    batch, frames, latents, width = tokens.shape
    rows = tokens.transpose(1, 2).flatten(0, 1)  # (B·L, T, 256)
    mixed = apart(layer, rows, present.repeat_interleave(latents, dim=0), of=[layer])
    return mixed.reshape(batch, latents, frames, width).transpose(1, 2)


def _over_space(layer: nn.Module, tokens: Tensor, present: Tensor) -> Tensor:
    del present  # within a frame there is nothing to hide
    mixed = apart(layer, tokens.flatten(0, 1), of=[layer])  # (B·T, L, 256)
    return mixed.reshape(tokens.shape)
