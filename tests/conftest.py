"""What every test needs: a unit cache of its own, never the user's."""

import os
from pathlib import Path

import pytest

from duchenne.flow.settings import Settings

HERE = Path(__file__).parent
# Tests that start stages or take seconds of arithmetic; `make check` leaves them out. They come
# first, in this order: a long file that begins last would leave all cores but one without work.
SLOW = (
    "pipeline/test_repro.py",
    "pipeline/test_experiments.py",
    "pipeline",
    "flow",
    "nets/test_smilenet.py",
    "nets/test_curvenet.py",
    "training/test_loop.py",
    "training/test_fold.py",
    "training/test_stills.py",
    "training/test_chip_inputs.py",
    "training/test_device.py",
    "stages/test_probes.py",
    "cli/doctor",
    "rules/test_dependencies.py",
    "rules/test_experiments_page.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.path))
    for item in items:
        if place(item.path) < len(SLOW):
            item.add_marker("slow")


def place(file: Path) -> int:
    """Where a file of tests stands in SLOW; behind all if it is quick."""
    found = (at for at, name in enumerate(SLOW) if file.is_relative_to(HERE / name))
    return next(found, len(SLOW))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty unit cache for this test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DUCHENNE_CACHE", str(folder))
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DUCHENNE_{name.upper()}", raising=False)
    return folder


@pytest.fixture
def clips() -> Path:
    """The folder of real clips, for tests that are skipped where there is none."""
    folder = os.environ.get("DUCHENNE_CLIPS")
    if not folder:
        pytest.skip("DUCHENNE_CLIPS is not set")
    return Path(folder)
