"""Batch normalisation of a batch that several threads share."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from duchenne.nets.kernels.shares import divided, first, total


class Norm(nn.BatchNorm1d):
    """By the statistics of all shares; of a batch by itself, torch's own."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """(n, c) or (n, c, l)."""
        if not (self.training and divided()):
            alone: Tensor = super().forward(x)
            return alone
        out, mean, variance, rows = _normalised(x, self.weight, self.bias, self.eps)
        self.remember(mean, variance, rows=rows)
        return out

    def remember(self, mean: Tensor, variance: Tensor, *, rows: int) -> None:
        """Keep a share of the statistics of so many rows for evaluation."""
        if first():
            share = 0.1 if self.momentum is None else self.momentum
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean, share)
            self.running_var.lerp_(variance * (rows / (rows - 1)), share)


class _Normalised(torch.autograd.Function):
    """(x - mean) / deviation · gain + bias, for x (n, c, …), and the statistics by column."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *inputs: Any) -> tuple[Tensor, Tensor, Tensor, int]:
        gain, bias, eps = inputs
        over = [axis for axis in range(x.ndim) if axis != 1]
        rows, whole = total(x.numel() // x.shape[1], x.sum(over))
        mean = whole / rows
        [squares] = total((x - _columns(mean, x)).square_().sum(over))
        variance = squares / rows
        scale = (variance + eps).rsqrt()
        slope = _columns(scale * gain, x)
        out = torch.addcmul(_columns(bias - mean * scale * gain, x), x, slope)
        ctx.save_for_backward(x, gain, mean, scale)
        ctx.rows, ctx.over = rows, over
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance, rows

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        x, gain, mean, scale = ctx.saved_tensors
        off = x - _columns(mean, x)
        d_bias, d_gain = gradient.sum(ctx.over), (gradient * off).sum(ctx.over) * scale
        whole_bias, whole_gain = (whole / ctx.rows for whole in total(d_bias, d_gain))
        # The gradient less its mean, and less what follows the normal row.
        d_x = off.mul_(_columns(-whole_gain * scale, x)).add_(gradient)
        d_x.sub_(_columns(whole_bias, x)).mul_(_columns(scale * gain, x))
        return d_x, d_gain, d_bias, None


def _columns(values: Tensor, like: Tensor) -> Tensor:
    """One value for each column (axis 1) of `like`."""
    return values.view(-1, *[1] * (like.ndim - 2))


_normalised: Callable[..., tuple[Tensor, Tensor, Tensor, int]] = _Normalised.apply
