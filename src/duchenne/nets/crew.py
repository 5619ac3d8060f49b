"""Parts of a pass on all threads at once, each part on one.

Torch shares every single operation out among its threads, which wait for each other after each. A
part of a pass takes a dozen short operations in a row: on one thread it waits for nobody and stays
in that core's cache, which takes half the time. What a part gives does not depend on who does it.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from queue import SimpleQueue
from threading import Barrier
from typing import Any, TypeVar

import torch
from torch import Tensor

P = TypeVar("P")
R = TypeVar("R")
Buffers = list[Tensor]

_START_S = 60.0  # a system that has no more threads to give may let nobody wait for ever


def nothing() -> Buffers:
    return []


def each(
    parts: Iterable[P], work: Callable[..., R], *, buffers: Callable[[], Buffers] = nothing
) -> list[R]:
    """work(part, *buffers) of every part, in their order, without gradients.

    A thread has buffers of its own, which it uses again: fresh memory is slow.
    """
    found = list(parts)
    threads = min(torch.get_num_threads(), len(found))
    if threads <= 1:
        own = buffers()
        return [work(part, *own) for part in found]
    spare: SimpleQueue[Buffers] = SimpleQueue()
    for _ in range(threads):
        spare.put(buffers())
    quiet: Any = torch.inference_mode if torch.is_inference_mode_enabled() else torch.no_grad

    def one(part: P) -> R:
        own = spare.get()
        try:
            with quiet():
                return work(part, *own)
        finally:
            spare.put(own)

    return list(_crew(torch.get_num_threads()).map(one, found))


def summed(results: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
    """The sum over all parts of each of their results, in double precision."""
    return [torch.stack(of_parts).double().sum(0) for of_parts in zip(*results, strict=True)]


@cache
def _crew(threads: int) -> ThreadPoolExecutor:
    """So many threads, in each of which torch uses that one alone."""
    crew = ThreadPoolExecutor(threads, "part", initializer=_alone)
    together = Barrier(threads, timeout=_START_S)
    list(crew.map(lambda _: together.wait(), range(threads)))  # until each has begun
    torch.set_num_threads(threads)  # here, and in whatever thread comes next
    return crew


def _alone() -> None:
    torch.get_num_threads()  # on a thread's first use torch takes what was set elsewhere last
    torch.set_num_threads(1)
