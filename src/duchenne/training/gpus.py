"""The number of GPUs, for a process that has no other use for torch.

Torch takes seconds to load, so it is imported only where there is a driver.
"""

import ctypes
from pathlib import Path

_CUDA = "libcuda.so.1"
_ROCM = Path("/dev/kfd")


def count() -> int:
    """As many as torch can use."""
    if not (_ROCM.exists() or _loads(_CUDA)):
        return 0
    import torch

    return torch.cuda.device_count()


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
