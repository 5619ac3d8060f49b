"""Devices, their number and precision; memory that is full, and memory that is kept."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from duchenne.errors import TrainingError, Unusable
from duchenne.training import device, gpus
from tests.make.fold_cases import CPU


@pytest.mark.parametrize(
    ("wanted", "gpus", "chosen"),
    [
        ("auto", 0, ["cpu", "cpu", "cpu"]),
        ("cpu", 2, ["cpu", "cpu", "cpu"]),
        ("auto", 2, ["cuda:0", "cuda:1", "cuda:0"]),
        ("cuda", 1, ["cuda:0", "cuda:0", "cuda:0"]),
    ],
)
def test_gpus_are_dealt_out_in_turn(wanted, gpus, chosen, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert [str(device.choose(wanted, worker=worker)) for worker in range(3)] == chosen


def test_a_gpu_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match=r"train\.device is cuda and there is no GPU"):
        device.choose("cuda", worker=0)


def test_half_precision_is_a_gpu_s_alone():
    with device.precision(CPU, wanted="auto"):
        assert not torch.is_autocast_enabled("cpu")
        assert not torch.is_autocast_enabled("cuda")


@pytest.mark.parametrize(
    ("error", "setting"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "folds_per_device"),
        (MemoryError(), "workers"),
        (None, "workers"),
    ],
)
def test_a_full_memory_says_what_to_change(error, setting):
    with (
        pytest.raises(Unusable, match=rf"train\.batch .* or {setting} in engine") as caught,
        device.memory_limits(),
    ):
        if error is None:
            torch.empty(10**15)  # torch's own error, which is of no class of its own
        raise error
    assert caught.value.reason == "out_of_memory"
    assert not caught.value.lasting


def test_other_errors_are_left_as_they_are():
    with pytest.raises(RuntimeError, match="shapes"), device.memory_limits():
        torch.ones(2, 3) @ torch.ones(2, 3)


# ---- Memory that is kept ------------------------------------------------------------------------
# How often the system had to hand out a fresh page, in ten rounds with 64 MB each. At first the
# heap grows by pieces, since small things come to lie between large ones.
_FAULTS = """
import resource
import torch
from duchenne.training.device import keep_memory
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
    from duchenne.training.device import keep_memory

    keep_memory()


# ---- How many GPUs there are --------------------------------------------------------------------
@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets every library load; what is asked for is noted."""
    asked: list[str] = []
    monkeypatch.setattr(ctypes, "CDLL", asked.append)
    return asked


@pytest.mark.parametrize("there", [0, 1, 3])
def test_with_a_driver_there_are_as_many_as_torch_says(there, driver, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    assert gpus.count() == there
    assert driver == ["libcuda.so.1"]


def test_amds_driver_counts_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(gpus, "_ROCM", tmp_path)
    monkeypatch.setattr(gpus, "_CUDA", "libnowhere.so")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert gpus.count() == 2


def test_without_a_driver_there_are_none_whatever_torch_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(gpus, "_ROCM", tmp_path / "none")
    monkeypatch.setattr(gpus, "_CUDA", "libnowhere.so")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert gpus.count() == 0
