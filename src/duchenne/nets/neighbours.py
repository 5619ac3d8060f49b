"""Each landmark's nearest landmarks, found once per frame and kept.

The search asks for the coordinates only, so no layer needs to repeat it.
"""

import torch
from torch import Tensor

# Frames searched at a time: 478 · 478 keys of 8 bytes each, 30 MB.
_FRAMES = 16
_INDEX_BITS = 16  # of a key; 37 bits of the distance's fraction remain above them


def nearest(xyz: Tensor, count: int) -> Tensor:
    """(F, N, 3) → (F, N, count) int64: the point itself, then the others by squared distance.

    Of equidistant points the one with the lower index comes first. Squares are compared to ten
    digits, so that their rounding does not decide. No frame's result depends on another's.
    """
    points = xyz.shape[1]
    if points > 1 << _INDEX_BITS:
        raise ValueError(f"{points} points; the search numbers them with {_INDEX_BITS} bits")
    if not 1 <= count <= points:
        raise ValueError(f"count is {count}; of {points} points there are 1 to {points} nearest")
    found = torch.empty((len(xyz), points, count), dtype=torch.int64, device=xyz.device)

    for first in range(0, len(xyz), _FRAMES):
        part = slice(first, first + _FRAMES)
        found[part] = _nearest(xyz[part].detach(), count)
    return found


def mirrored(neighbours: Tensor, mirror: Tensor) -> Tensor:
    """The neighbours (F, N, count) of reflected faces, whose point i is the old point `mirror[i]`.

    A reflection keeps all distances, so no search is needed. Equidistant points keep their order.
    """
    new = torch.empty_like(mirror)
    new[mirror] = torch.arange(len(mirror), dtype=mirror.dtype, device=mirror.device)
    return new.to(neighbours.dtype)[neighbours[:, mirror].long()]


def _nearest(xyz: Tensor, count: int) -> Tensor:
    """Sort by one integer: the bits of the squared distance, rounded, with the index in the lowest.

    The bits of floating-point numbers that are not negative sort like the numbers.
    """
    wide = xyz.double()
    points = xyz.shape[1]
    square = torch.zeros((len(xyz), points, points), dtype=wide.dtype, device=wide.device)
    for axis in wide.unbind(-1):
        square += (axis[:, :, None] - axis[:, None, :]).square_()
    low = (1 << _INDEX_BITS) - 1
    index = torch.arange(points, device=xyz.device)
    keys = square.view(torch.int64).add_((low + 1) // 2).bitwise_and_(~low).bitwise_or_(index)
    keys.diagonal(dim1=1, dim2=2).copy_(index - points)  # before any twin in the same place
    found = keys.topk(count, largest=False).values.bitwise_and_(low)
    found[:, :, 0] = index
    return found
