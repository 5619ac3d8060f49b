"""Memory that is kept: the same pages again, step after step."""

import subprocess
import sys

import pytest

# How often the system had to hand out a fresh page, in ten rounds with 64 MB each. At first the
# heap grows by pieces, since small things come to lie between large ones.
_FAULTS = """
import resource
import torch
from duchenne.training.allocator import keep_memory
{keep}
def step():
    torch.ones(16_000_000)
for _ in range(40):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: str) -> int:
    script = _FAULTS.format(keep=keep)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone can be told")
def test_a_step_finds_the_memory_of_the_one_before():
    assert faults("keep_memory()") < 0.1 * faults("")


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", None)
    from duchenne.training.allocator import keep_memory

    keep_memory()
