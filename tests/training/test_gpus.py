"""GPUs are counted, and torch is asked only where there can be any."""

import ctypes
import subprocess
import sys
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


@pytest.mark.parametrize(
    ("code", "idle"),
    [
        ("import stages.train", {"torch", "sklearn", "vidaug", "duchenne.learning"}),
        ("import duchenne.learning", {"sklearn", "scipy.optimize"}),
    ],
)
def test_what_takes_seconds_to_load_is_loaded_by_those_who_use_it(code: str, idle: set[str]):
    script = f"import stages; {code}; import sys; print(*(sys.modules.keys() & {idle!r}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
