"""Batch normalisation of the CPU's passes: its statistics over a batch, and its affine map folded
into the matrix beside it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

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


class Moments(NamedTuple):
    """Mean (c,) and covariance (c, c) of so many rows, in double precision."""

    mean: Tensor
    covariance: Tensor
    rows: int


class FoldedNorm(Norm):
    """Batch normalisation that can also hand out its affine map."""

    def fold(self, weight: Tensor, moments: Moments | None) -> tuple[Tensor, Tensor]:
        """(W', b') with W' x + b' = norm(W x), for W (o, i) and the moments of x.

        In evaluation mode the running statistics serve, and `moments` may be None.
        """
        if moments is None:
            mean, variance = self.running_mean, self.running_var
        else:
            wide = weight.double()  # a variance may be a small difference of large parts
            mean = (wide @ moments.mean).to(weight.dtype)
            variance = ((wide @ moments.covariance) * wide).sum(1).to(weight.dtype)
            self.remember(mean.detach(), variance.detach(), rows=moments.rows)
        scale = self.weight * (variance + self.eps).rsqrt()
        return weight * scale[:, None], self.bias - mean * scale

    def mapped(self, weight: Tensor, x: Tensor) -> Tensor:
        """norm(W x) for rows x (n, i), in the way that suits where W x is no wider than x."""
        if self.training:
            normal: Tensor = self(x @ weight.T)
            return normal
        weight, bias = self.fold(weight, None)
        return torch.addmm(bias, x, weight.T)


class _RowMoments(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor, int]:
        rows, whole, second = total(len(x), x.sum(0), (x.T @ x).double())
        mean = (whole / rows).double()
        ctx.save_for_backward(x, mean)
        ctx.rows = rows
        return mean, second / rows - mean.outer(mean), rows

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_mean: Tensor, d_covariance: Tensor, _: None) -> Tensor:
        x, mean = ctx.saved_tensors
        slope, level = moments_slope(mean, *total(d_mean, d_covariance), rows=ctx.rows)
        return torch.addmm(level.to(x.dtype), x, slope.to(x.dtype))


def moments_slope(
    mean: Tensor, d_mean: Tensor, d_covariance: Tensor, *, rows: int
) -> tuple[Tensor, Tensor]:
    """(S, s) such that the gradient by each row x, of what depends on the moments, is x S + s."""
    slope = (d_covariance + d_covariance.T) / rows
    return slope, d_mean / rows - slope @ mean


def moments_of(x: Tensor) -> Moments:
    """Of rows (n, c)."""
    return Moments(*_row_moments(x))


_normalised: Callable[..., tuple[Tensor, Tensor, Tensor, int]] = _Normalised.apply
_row_moments: Callable[[Tensor], tuple[Tensor, Tensor, int]] = _RowMoments.apply
