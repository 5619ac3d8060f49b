"""GPUs are counted, and torch is asked only where there can be any."""

import ctypes
from pathlib import Path

import pytest
import torch

from duchenne.training import gpus


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
