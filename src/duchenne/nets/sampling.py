"""Which points of a cloud stand for all of them."""

import torch
from torch import Tensor


@torch.no_grad()
def farthest(xyz: Tensor, count: int) -> Tensor:
    """(F, N, 3) → (F, count) int64: point 0, then always the point farthest from those taken.

    No point is taken twice, and of equally far ones the first is. So the order of all points but
    the first matters only where two are equally far.
    """
    points = xyz.shape[1]
    if not 1 <= count <= points:
        raise ValueError(f"count is {count}; of {points} points, 1 to {points} can be taken")
    axes = xyz.movedim(-1, 0).contiguous()  # (3, F, N)
    square = torch.full_like(axes[0], torch.inf)  # to the nearest one taken; -1: taken itself
    taken = [torch.zeros((len(xyz), 1), dtype=torch.int64, device=xyz.device)]
    while len(taken) < count:
        away = torch.zeros_like(square)
        for axis in axes:
            away += (axis - axis.gather(1, taken[-1])).square_()
        square = torch.minimum(square, away).scatter_(1, taken[-1], -1.0)
        taken.append(square.argmax(1, keepdim=True))
    return torch.cat(taken, 1)
