"""A few frames or rows at a time: pieces that fit the processor's cache, since memory is slow."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

_CACHE = 2_600_000  # bytes of one array; a pass has up to three, and 5 MB are slower already


def chunks(like: Tensor, *, count: int, values: int) -> Iterator[slice]:
    """Slices of `count` frames, each of which has so many values of `like`'s kind.

    On a GPU there is one slice: starting more kernels costs more than memory does.
    """
    step = max(1, _CACHE // (values * like.element_size()))
    if like.is_cuda:
        step = max(1, count)
    for first in range(0, count, step):
        yield slice(first, min(first + step, count))


def summed(results: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
    """The sum over all slices of each of their results, in double precision."""
    return [torch.stack(found).double().sum(0) for found in zip(*results, strict=True)]
