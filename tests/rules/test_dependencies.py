"""Dependencies: declared, pinned, importable, and no two that own the same module."""

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires

import pytest

from duchenne.cli.doctor.packages import module_of, pinned, plain_name
from tests.rules.imports import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = PROJECT["optional-dependencies"]
CORE = [plain_name(requirement) for requirement in PROJECT["dependencies"]]


def pins() -> dict[str, str]:
    return pinned(ROOT / "constraints.txt")


def test_every_dependency_is_pinned():
    wanted = [*PROJECT["dependencies"], *(name for extra in OPTIONAL.values() for name in extra)]
    assert {plain_name(requirement) for requirement in wanted} <= set(pins())


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
    done = subprocess.run(
        [sys.executable, "-c", f"import {module_of(name)}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_one_distribution_owns_cv2():
    assert set(packages_distributions()["cv2"]) == {"opencv-contrib-python"}
    assert any("opencv" in requirement for requirement in requires("mediapipe") or [])
