"""Python, GPU and codecs."""

import shutil
from pathlib import Path

import pytest
import torch

from duchenne.cli.doctor import machine
from tests.make.sites import site, texts


@pytest.mark.parametrize(("running", "fits"), [((3, 10), False), ((3, 12), True), ((3, 13), False)])
def test_python_must_be_one_that_the_packages_support(running, fits, tmp_path: Path):
    told = texts(list(machine.python(site(tmp_path), running=running)))
    assert (told == "") == fits
    assert fits or f"BLOCKS: Python 3.{running[1]} runs here, and duchenne needs 3.11" in told


@pytest.mark.parametrize(
    ("seen", "device", "driver", "says"),
    [
        (True, "cuda", None, ""),
        (False, "auto", None, "note: torch sees no GPU, so training runs on the CPU"),
        (False, "cuda", None, "BLOCKS: train.device is cuda and torch sees no GPU"),
        (False, "auto", "/usr/bin/nvidia-smi", "note: there is an NVIDIA driver, and torch is"),
    ],
)
def test_a_gpu_is_there_or_not(
    seen, device, driver, says, *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: seen)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(shutil, "which", lambda name: driver)
    told = texts(list(machine.gpu(site(tmp_path, train__device=device))))
    assert told.startswith(says)
    assert bool(told) == bool(says)


def test_all_codecs_are_there_and_a_missing_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    where = site(tmp_path, "demo")
    assert list(machine.codecs(where)) == []
    told = texts(list(machine.codecs(where, decoders=["h264", "h999"])))
    assert told.startswith("BLOCKS: PyAV cannot decode h999; install PyAV as a wheel")
    monkeypatch.setattr(machine, "ENCODER", "x999")
    assert "cannot write x999, which the demo" in texts(list(machine.codecs(where)))
    assert list(machine.codecs(site(tmp_path / "other"))) == [], "others need no encoder"
