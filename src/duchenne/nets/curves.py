"""What a landmark takes from the curves over its face (`nets.walk`): it attends to them."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.kernels.edgewise import SLOPE
from duchenne.nets.kernels.norm import Norm

_FEW = 16  # keys; up to so many the fused attention is slower than its parts


class CurveAggregation(nn.Module):
    """Points (F, N, c) take what they attend to in the curves (F, M, L, c), between and within."""

    def __init__(self, width: int) -> None:
        super().__init__()
        middle = width // 2
        self.line = nn.Linear(width, 1, bias=False)
        self.inter_key = nn.Linear(width, middle, bias=False)
        self.intra_key = nn.Linear(width, middle, bias=False)
        self.query = nn.Linear(width, middle, bias=False)
        self.inter_value = nn.Linear(middle, middle, bias=False)
        self.intra_value = nn.Linear(middle, middle, bias=False)
        self.join = nn.Linear(2 * middle, width, bias=False)
        self.join_norm = Norm(width)

    def forward(self, x: Tensor, curves: Tensor) -> Tensor:
        weight = self.line(curves)  # (F, M, L, 1)
        inter = self.inter_key((curves * weight.softmax(2)).sum(2))
        intra = self.intra_key((curves * weight.softmax(1)).sum(1))
        query = self.query(x)
        found = [
            attend(query, inter, self.inter_value(inter)),
            attend(query, intra, self.intra_value(intra)),
        ]
        joined = self.join_norm(self.join(torch.cat(found, dim=-1)).flatten(0, 1))
        return functional.leaky_relu_(x + joined.view_as(x), SLOPE)


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Unscaled attention of one head: query (F, N, c), key and value (F, m, c) → (F, N, c)."""
    if key.shape[1] <= _FEW:
        # Keys before points: torch is slow at exponentials over a short last axis.
        share: Tensor = (key @ query.transpose(1, 2)).softmax(1)  # (F, m, N)
        return share.transpose(1, 2) @ value
    one, two, three = (part.unsqueeze(1) for part in (query, key, value))
    return functional.scaled_dot_product_attention(one, two, three, scale=1.0).squeeze(1)
