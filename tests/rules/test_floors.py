"""Imports point down, and the pure packages stay pure."""

import pytest

from tests.rules.imports import ROOT, closure, direct, modules

# From the ground up; a package may import its own floor's lower entries and everything below.
FLOORS = [
    {"errors", "subjects", "__init__"},
    {"config"},
    {"media"},
    {"face"},
    {"dmarkers"},
    {"nets"},
    {"evaluation"},
    {"tables"},
    {"flow"},
    {"datasets"},
    {"training"},
    {"units"},
    {"pipeline"},
    {"report"},
    {"measuring"},
    {"bundle"},
    {"predicting"},
    {"cli"},
]
# Arrays in, arrays out: no parameters, no tables, nothing of how work gets done.
PURE = (
    "media/", "face/", "dmarkers/", "nets/", "evaluation/", "datasets/demo/", "datasets/splits/",
    "training/fitting/",
)  # fmt: skip
# Names of models and published values, which are no parameters of the project.
DECLARATIONS = {"src/duchenne/config/__init__.py", "src/duchenne/config/models.py"}
IMPURE = {"rich", "tqdm", "dvc", "dask", "distributed", "logging", "pyarrow", "yaml"}
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*.py"))


def room(path: str) -> str:
    """The package or top-level module that a file belongs to."""
    return path.removeprefix("src/duchenne/").split("/")[0].removesuffix(".py")


def floor(path: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if room(path) in rooms)


@pytest.mark.parametrize("path", FILES)
def test_imports_point_down(path: str):
    upward = {
        other for other in direct(path) if room(other) != room(path) and floor(other) >= floor(path)
    }
    assert not upward, f"{path} imports from its own floor or above"


def is_pure(path: str) -> bool:
    return path.removeprefix("src/duchenne/").startswith(PURE)


@pytest.mark.parametrize("path", [path for path in FILES if is_pure(path)])
def test_pure_packages_know_neither_params_nor_tables_nor_flow(path: str):
    reached = {room(other) for other in closure(path) - DECLARATIONS}
    assert not reached & {"config", "flow", "tables", "pipeline"}
    assert not {name.split(".")[0] for name in modules(path)} & IMPURE


@pytest.mark.parametrize("path", [path for path in FILES if room(path) == "flow"])
def test_flow_knows_nothing_of_faces(path: str):
    assert not {room(other) for other in closure(path)} & {"face", "datasets"}
