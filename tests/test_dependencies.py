"""Dependencies: declared, pinned, importable, and no two that own the same module."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires

import pytest

from tests.imports import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = PROJECT["optional-dependencies"]
MODULES = {"dlib-bin": "dlib", "pillow": "PIL", "pyyaml": "yaml", "scikit-image": "skimage",
           "scikit-learn": "sklearn", "vl-convert-python": "vl_convert"}  # fmt: skip


def name_of(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[<=>\[; ]", requirement)[0]).lower()


CORE = [name_of(requirement) for requirement in PROJECT["dependencies"]]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {name_of(name): version for name, version in pairs}


def test_every_dependency_is_pinned():
    wanted = [*PROJECT["dependencies"], *(name for extra in OPTIONAL.values() for name in extra)]
    assert {name_of(requirement) for requirement in wanted} <= set(pins())


def test_torch_is_the_plain_build():
    """So that users of a GPU get CUDA and all others what their index has for the CPU."""
    assert pins()["torch"] == "2.13.0"


def test_every_dependency_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for requirement in PROJECT["dependencies"]:
        line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
        assert "#" in line, requirement


@pytest.mark.parametrize("name", CORE)
def test_every_dependency_can_be_imported(name: str):
    """Each in a process of its own: some complain about what others have loaded."""
    module = MODULES.get(name, name.replace("-", "_"))
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_one_distribution_owns_cv2():
    assert set(packages_distributions()["cv2"]) == {"opencv-contrib-python"}
    assert any("opencv" in requirement for requirement in requires("mediapipe") or [])
