"""What every test needs: a unit cache of its own, never the user's."""

import os
from pathlib import Path

import pytest

from duchenne.flow.settings import Settings


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
