"""Pieces of work on all threads at once, each on one from end to end.

Torch shares every single operation out among its threads, which wait for each other after each. A
piece of work takes a thousand short operations in a row: on one thread it waits for nobody.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from threading import Barrier, Lock
from typing import Any, TypeVar

import torch

P = TypeVar("P")
R = TypeVar("R")

_START_S = 60.0  # a system that has no more threads to give may let nobody wait for ever
_in_line = Lock()  # pieces that wait for each other must not have others' between them


def each(pieces: Iterable[P], work: Callable[[P], R], *, threads: int | None = None) -> list[R]:
    """work(piece) of every one, in their order, without gradients; on all of torch's threads, or
    on so many, and pieces as many as these may wait for each other."""
    found = list(pieces)
    threads = torch.get_num_threads() if threads is None else threads
    quiet: Any = torch.inference_mode if torch.is_inference_mode_enabled() else torch.no_grad

    def one(piece: P) -> R:
        with quiet():
            return work(piece)

    if min(threads, len(found)) <= 1:
        return [one(piece) for piece in found]
    crew = _crew(max(threads, torch.get_num_threads()))
    with _in_line:
        done = [crew.submit(one, piece) for piece in found]
    wait(done)  # so that nobody is still at work when something is raised
    return [piece.result() for piece in done]


@cache
def _crew(threads: int) -> ThreadPoolExecutor:
    """So many threads, in each of which torch uses that one alone."""
    here = torch.get_num_threads()
    crew = ThreadPoolExecutor(threads, "piece", initializer=_alone)
    together = Barrier(threads, timeout=_START_S)
    list(crew.map(lambda _: together.wait(), range(threads)))  # until each has begun
    torch.set_num_threads(here)  # here, and in whatever thread comes next
    return crew


def _alone() -> None:
    torch.get_num_threads()  # on a thread's first use torch takes what was set elsewhere last
    torch.set_num_threads(1)
