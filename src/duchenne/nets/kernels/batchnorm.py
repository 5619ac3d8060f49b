"""Batch normalisation folded into the linear map before it: norm(W x) is W' x + b'.

Mean and variance of W x follow from those of x: mean(W x) = W mean(x), var(W x) =
diag(W cov(x) Wᵀ).
So the normalised product is made in one pass, and W x itself is never stored.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class Moments(NamedTuple):
    """Mean (c,) and covariance (c, c) of a number of rows, in double precision."""

    mean: Tensor
    covariance: Tensor
    rows: int


class FoldedNorm(nn.BatchNorm1d):
    """Batch normalisation that can also return its affine map."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def fold(self, weight: Tensor, moments: Moments | None) -> tuple[Tensor, Tensor]:
        """(W', b') with W' x + b' = norm(W x), for W (o, i) and the moments of x.

        Evaluation uses the running statistics, and there `moments` may be None.
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

    def remember(self, mean: Tensor, variance: Tensor, *, rows: int) -> None:
        """Update the running statistics as torch does, with the unbiased variance of the rows."""
        share = 0.1 if self.momentum is None else self.momentum
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * (rows / (rows - 1)), share)

    def mapped(self, weight: Tensor, x: Tensor) -> Tensor:
        """norm(W x) for rows x (n, i) where W x is no wider than x: there folding gains nothing in
        training."""
        if self.training:
            normal: Tensor = self(x @ weight.T)
            return normal
        weight, bias = self.fold(weight, None)
        return torch.addmm(bias, x, weight.T)


class _RowMoments(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        mean = (x.sum(0) / len(x)).double()
        ctx.save_for_backward(x, mean)
        return mean, (x.T @ x).double() / len(x) - mean.outer(mean)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_mean: Tensor, d_covariance: Tensor) -> Tensor:
        x, mean = ctx.saved_tensors
        slope, level = moments_slope(mean, d_mean, d_covariance, rows=len(x))
        return torch.addmm(level.to(x.dtype), x, slope.to(x.dtype))


def moments_slope(
    mean: Tensor, d_mean: Tensor, d_covariance: Tensor, *, rows: int
) -> tuple[Tensor, Tensor]:
    """(S, s): the gradient by each row x, of what depends on the moments, is x S + s."""
    slope = (d_covariance + d_covariance.T) / rows
    return slope, d_mean / rows - slope @ mean


def moments_of(x: Tensor) -> Moments:
    """Moments of rows (n, c)."""
    return Moments(*_row_moments(x), len(x))


_row_moments: Callable[[Tensor], tuple[Tensor, Tensor]] = _RowMoments.apply
