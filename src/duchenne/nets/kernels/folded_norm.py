"""A linear map and the batch normalisation after it, as one affine map.

The statistics of W x follow from those of x: its mean is W mean(x), its variance the diagonal of
W cov(x) Wᵀ. So the mapped rows need not exist before they can be normalised, which saves passes
over memory wherever W x is wider than x, or has twenty rows per landmark.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from duchenne.nets.kernels.norm import Norm
from duchenne.nets.kernels.shares import total


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


_row_moments: Callable[[Tensor], tuple[Tensor, Tensor, int]] = _RowMoments.apply


def moments_of(x: Tensor) -> Moments:
    """Of rows (n, c)."""
    return Moments(*_row_moments(x))
