"""The device that a fold is trained on, the precision there, and memory."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from duchenne.errors import TrainingError, Unusable

# Options of `mallopt` in glibc's malloc.h; other C libraries do not have it.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_NEVER = -1


def choose(wanted: str, *, worker: int) -> torch.device:
    """The device of a worker: GPUs are taken in turn. `wanted` is auto, cpu or cuda."""
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "cuda" and not there:
        raise TrainingError(
            "train.device is cuda and there is no GPU that torch can use; set it to auto, or see "
            "`duchenne doctor`"
        )
    if wanted == "cpu" or not there:
        return torch.device("cpu")
    return torch.device("cuda", worker % there)


def precision(device: torch.device, *, wanted: str) -> AbstractContextManager[Any]:
    """bfloat16 where a GPU multiplies matrices, unless params.yaml wants float32."""
    if device.type == "cuda" and wanted == "auto":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


@contextmanager
def memory_limits() -> Iterator[None]:
    """Turn running out of memory into Unusable, which says what to change."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise _full("the device's memory", "folds_per_device") from None
    except (MemoryError, RuntimeError) as error:
        # For want of the computer's own memory torch raises a bare RuntimeError.
        if isinstance(error, RuntimeError) and "can't allocate memory" not in str(error):
            raise
        raise _full("memory", "workers") from None


def _full(what: str, setting: str) -> Unusable:
    return Unusable(
        "out_of_memory",
        f"{what} is full: make train.batch smaller in params.yaml, or {setting} in engine.yaml",
        lasting=False,
    )


def keep_memory() -> None:
    """Let this process keep all memory that it has had once.

    Every step asks for the same large arrays. By default the C library gives each back to the
    system when it is freed, and the system clears every page before it hands it out again. Threads
    that start later share one arena, since each would keep its own; a thread that has one already
    stays there, so workers start with one for all. Does nothing
    where there is no glibc.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for option, value in ((_TRIM_THRESHOLD, _NEVER), (_MMAP_MAX, 0), (_ARENA_MAX, 1)):
        mallopt(option, value)
