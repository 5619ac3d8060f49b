"""Attention as its definition says it, for comparison."""

import torch
from torch import Tensor


def attention(query: Tensor, key: Tensor, value: Tensor, present: Tensor, *, heads: int) -> Tensor:
    """Place by place and head by head, over the keys that are present only."""
    size = query.shape[-1] // heads
    out = torch.zeros_like(query)
    for row in range(len(query)):
        keys, values = key[row][present[row]], value[row][present[row]]
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            for place in range(query.shape[1]):
                weights = (keys[:, part] @ query[row, place, part] / size**0.5).exp()
                out[row, place, part] = weights @ values[:, part] / weights.sum()
    return out
