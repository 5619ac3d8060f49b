"""A linear map and the batch normalisation after it, as one affine map.

The statistics of W x follow from those of x: its mean is W mean(x), its variance the diagonal of
W cov(x) Wᵀ. So the mapped rows need not exist before they can be normalised, which matters where
there are twenty rows per landmark and few columns.
"""

from typing import NamedTuple

from torch import Tensor, nn


class Moments(NamedTuple):
    """Mean (c,) and covariance (c, c) of so many rows."""

    mean: Tensor
    covariance: Tensor
    rows: int


class FoldedNorm(nn.BatchNorm1d):
    """Batch normalisation that can also hand out its affine map."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def fold(self, weight: Tensor, moments: Moments | None) -> tuple[Tensor, Tensor]:
        """(W', b') with W' x + b' = norm(W x), for W (o, i) and the moments of x.

        In evaluation mode the running statistics serve, and `moments` may be None.
        """
        if moments is None:
            mean, variance = self.running_mean, self.running_var
        else:
            mean = weight @ moments.mean
            variance = ((weight @ moments.covariance) * weight).sum(1)
            self._remember(mean.detach(), variance.detach(), rows=moments.rows)
        scale = self.weight * (variance + self.eps).rsqrt()
        return weight * scale[:, None], self.bias - mean * scale

    def _remember(self, mean: Tensor, variance: Tensor, *, rows: int) -> None:
        share = 0.1 if self.momentum is None else self.momentum
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * (rows / (rows - 1)), share)
