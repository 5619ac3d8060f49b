"""Dependencies: declared, locked by hashes, importable, and no two that own the same module."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions, packages_distributions, requires

import pytest

from duchenne.cli.doctor.packages import module_of, pinned, plain_name
from tests.rules.imports import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = PROJECT["optional-dependencies"]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CORE = [plain_name(requirement) for requirement in PROJECT["dependencies"]]


def pins() -> dict[str, str]:
    return pinned(ROOT / "requirements.lock")


def entries() -> list[list[str]]:
    """The lock's lines, those of one package together and without comments."""
    text = re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).replace("\\\n", "\t")
    return [[part.strip() for part in line.split("\t")] for line in text.splitlines()]


def test_every_dependency_is_locked():
    wanted = [*PROJECT["dependencies"], *(name for extra in OPTIONAL.values() for name in extra)]
    wanted += BUILD["requires"]
    assert {plain_name(requirement) for requirement in wanted} <= set(pins())


def test_everything_that_is_installed_is_locked():
    here = {plain_name(one.name) for one in distributions()}
    assert here - {"duchenne", "pip"} <= set(pins())


def test_every_line_of_the_lock_is_a_version_with_hashes_and_no_address():
    assert len(entries()) > 100
    for first, *hashes in entries():
        assert re.fullmatch(r"[\w.-]+==[\w.+!]+( ; [^\\]+)?", first), first
        assert hashes, first
        assert [one for one in hashes if not re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one)] == []


def test_no_package_is_locked_twice():
    names = [plain_name(first) for first, *_ in entries()]
    assert sorted(set(names)) == sorted(names)


def test_torch_is_the_plain_build():
    """So that users of a GPU get CUDA and all others what their index has for the CPU."""
    assert pins()["torch"] == "2.13.0"
    assert {"nvidia-cudnn-cu13", "triton"} <= set(pins())


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
    assert {name for name in pins() if name.startswith("opencv")} == {"opencv-contrib-python"}
    assert set(packages_distributions()["cv2"]) == {"opencv-contrib-python"}
    assert any("opencv" in requirement for requirement in requires("mediapipe") or [])
