"""The stage `folds` splits one group alone, says so, and refuses one that nobody is in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.folds import FOLDS
from duchenne.tables.quality import QUALITY
from tests.make.workspace import Workspace

NAMES = [f"c{number:02d}" for number in range(24)]
GENDERS = {name: ("female", "male")[number // 2 % 2] for number, name in enumerate(NAMES)}


@pytest.fixture
def indexed(tmp_path: Path) -> Workspace:
    """Twelve people with a clip of each class; the last clip cannot be used."""
    workspace = Workspace.make(tmp_path)
    workspace.set(folds__count=3)
    clips = {
        "clip": NAMES,
        "subject": [f"p{number // 2}" for number in range(24)],
        "label": [number % 2 for number in range(24)],
        "gender": list(GENDERS.values()),
    }
    write(CLIPS, tmp_path / "data/clips.parquet", clips)
    used = {"clip": NAMES, "used": [name != NAMES[-1] for name in NAMES]}
    write(QUALITY, tmp_path / "data/quality.parquet", used)
    return workspace


def write(table: parquet.Table, path: Path, given: Mapping[str, Any]) -> None:
    """A table of which a test cares for some columns."""
    empty = {pa.string(): "", pa.bool_(): True}
    rest = {
        column.name: [empty.get(column.type, 0) if column.required else None] * len(NAMES)
        for column in table.columns
    }
    parquet.write(table, path, {**rest, **given})


def test_one_group_alone_is_split(indexed: Workspace):
    indexed.set(folds__within="gender:male")
    done = indexed.stage("folds")
    assert done.returncode == 0, done.stdout
    split = parquet.read(FOLDS, indexed.root / "data/folds.parquet").to_pylist()
    assert {row["clip"] for row in split} == {n for n in NAMES[:-1] if GENDERS[n] == "male"}
    report = json.loads((indexed.root / "data/reports/folds.json").read_text())
    assert (report["within"], report["all"]["subjects"]) == ("gender:male", 6)


def test_all_clips_are_split_by_default(indexed: Workspace):
    assert indexed.stage("folds").returncode == 0
    report = json.loads((indexed.root / "data/reports/folds.json").read_text())
    assert (report["within"], report["all"]["clips"]) == (None, 23)


def test_a_group_that_nobody_is_in_ends_the_stage_with_one_line(indexed: Workspace):
    indexed.set(folds__within="gender:mael")
    done = indexed.stage("folds")
    assert done.returncode == 1
    assert "has the gender 'mael'; did you mean 'male'? Allowed: female, male." in done.stdout
    assert "Traceback" not in done.stdout
