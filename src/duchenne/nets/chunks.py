"""A few frames at a time: pieces that fit the processor's cache, since memory is the slow part."""

from collections.abc import Iterator

from torch import Tensor

_CACHE = 2_600_000  # bytes of one array; a pass has up to three, and 5 MB are slower already


def chunks(like: Tensor, *, frames: int, values: int) -> Iterator[slice]:
    """Slices of so many frames with so many values of `like`'s kind in each.

    On a GPU there is one slice: starting more kernels costs more than memory does.
    """
    step = max(1, _CACHE // (values * like.element_size()))
    if like.is_cuda:
        step = max(1, frames)
    for first in range(0, frames, step):
        yield slice(first, min(first + step, frames))
