"""Memory that a training process has had once, it keeps.

Every step asks for the same large arrays. The C library gives each back to the system when it is
freed, and the system clears every page before it hands it out again.
"""

import ctypes
import sys

# Of glibc's malloc.h; other C libraries have no `mallopt`, and nothing is done there.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_NEVER = -1


def keep_memory() -> None:
    """From now on, until the process ends. Threads that come share one arena: each would keep its
    own. A thread that has one already stays there; workers therefore start with one for all."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for option, value in ((_TRIM_THRESHOLD, _NEVER), (_MMAP_MAX, 0), (_ARENA_MAX, 1)):
        mallopt(option, value)
