"""Some columns of a row, in units of the training clips."""

import torch
from torch import Tensor, nn

from duchenne.nets.fitted.base import numbers


class Columns(nn.Module):
    """(B, M) → (B, columns): chosen, missing ones filled, centred and scaled."""

    chosen: Tensor
    fill: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.register_buffer("chosen", torch.zeros(columns, dtype=torch.int64))
        for name in ("fill", "mean", "spread"):
            self.register_buffer(name, numbers(columns))

    def forward(self, values: Tensor) -> Tensor:
        given = values[:, self.chosen]
        known = torch.where(given.isnan(), self.fill, given)
        return (known - self.mean) / self.spread
