"""Which code decides a unit's result, and so belongs to its key."""

import shutil
from pathlib import Path

import pytest

from duchenne.flow import source
from duchenne.pipeline import stage as stages
from tests.rules.imports import ROOT, closure

POOLED = ("demo", "decode", "detect", "mesh", "normalize", "crops", "dmarkers", "train")
SCIENCE = ("media", "face", "dmarkers", "nets", "evaluation", "datasets", "training")


def deciding(stage: str) -> tuple[str, ...]:
    return stages.load(stage, ROOT).recipe(None).sources


@pytest.mark.parametrize("stage", POOLED)
def test_all_science_that_a_stage_runs_decides_its_results(stage: str):
    """A package that moved below a neutral one would serve results of older code."""
    run = closure(f"stages/{stage}.py")
    below = tuple(f"src/duchenne/{package}/" for package in SCIENCE)
    science = {path for path in run if path.startswith(below)} | {f"stages/{stage}.py"}
    assert len(science) > 3
    assert science <= set(deciding(stage))


def test_what_is_called_neutral_exists():
    assert all((ROOT / path).exists() for path in stages._NEUTRAL)


def test_a_change_in_any_deciding_file_changes_the_key(tmp_path: Path):
    paths = deciding("detect")
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, tmp_path / path)
    digests = {source.digest(tmp_path, paths)}
    for path in paths:
        with (tmp_path / path).open("a") as file:
            file.write("\nADDED = 1\n")
        digests.add(source.digest(tmp_path, paths))
    assert len(digests) == len(paths) + 1
