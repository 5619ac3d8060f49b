"""Where a fold is trained, and what its arithmetic is."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from duchenne.errors import TrainingError, Unusable


def choose(wanted: str, *, worker: int) -> torch.device:
    """The device of a worker: GPUs are dealt out in turn. `wanted` is auto, cpu or cuda."""
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
    """Running out of memory is a verdict that says what to change."""
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
