"""Imports point down, and the pure packages stay pure."""

import pytest

from tests.rules.imports import ROOT, closure, direct, modules

# From the ground up; a package may import its own floor's lower entries and everything below.
FLOORS = [
    {"errors", "files", "__init__"},
    {"topology", "subjects", "needs"},
    {"typed_yaml", "published_params"},
    {"dataset_params"},
    {"training_params"},
    {"params"},
    {"tables", "settled"},
    {"schemas"},
    {"flow", "face", "dmarkers", "splits", "nets"},
    {"fitting"},
    {"demo", "datasets", "clips", "training", "evaluation"},
    {"stored", "within", "crops", "project", "landmark_clips", "decoding", "markers", "fold_files"},
    {"fold_spec", "merging"},
    {"fold_clips", "probing"},
    {"faces", "mesh", "landmarks", "cropping", "marking", "smiles", "folds", "learning"},
    {"quality", "teaching", "results", "pictures"},
    {"stage", "doctor", "forget", "overview", "documents", "importing"},
    {"cli"},
]
IMPURE = {"rich", "tqdm", "dvc", "dask", "distributed", "logging", "pyarrow", "yaml"}
PURE = ("face", "dmarkers", "splits", "nets", "demo", "evaluation", "fitting")
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


@pytest.mark.parametrize("path", [path for path in FILES if room(path) in PURE])
def test_pure_packages_know_neither_params_nor_tables_nor_flow(path: str):
    reached = {room(other) for other in closure(path)}
    assert not reached & {"params", "flow", "tables", "stage"}
    imported = {name.split(".")[0] for name in modules(path)}
    assert not imported & {
        "rich",
        "tqdm",
        "dvc",
        "dask",
        "distributed",
        "logging",
        "pyarrow",
        "yaml",
    }


@pytest.mark.parametrize("path", [path for path in FILES if room(path) == "flow"])
def test_flow_knows_nothing_of_faces(path: str):
    assert not {room(other) for other in closure(path)} & {"face", "demo", "datasets"}
