"""What the stage writes of a clip with two smiles, and of one with none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from duchenne.config import params
from duchenne.flow.unit import Outcome, Recipe
from duchenne.tables import parquet
from duchenne.tables.dmarkers import DMARKERS, SIGNALS, read_features
from duchenne.tables.events import EVENTS
from duchenne.tables.landmarks import landmarks_table
from duchenne.tables.mesh import point_column
from duchenne.units import dmarkers as units
from stages import dmarkers
from tests.make.motions import Motion, clock, quiet, smile, together
from tests.rules.imports import ROOT

TIMES = clock(7.0)
TWO = together(smile(TIMES, 0.6, (0.4, 1.0, 0.4)), smile(TIMES, 3.6, (0.6, 1.5, 0.5)))
PARAMS = params.load(ROOT / "params.yaml").dmarkers


def write_landmarks(motion: Motion, path: Path) -> None:
    xyz = motion.landmarks(noise=0.002).astype(np.float32)
    frames = len(xyz)
    table = landmarks_table(478)
    rows: dict[str, Any] = {column.name: np.zeros(frames) for column in table.columns}
    rows |= {"frame": np.arange(frames), "time": motion.times, "xyz": point_column(xyz),
             "success": np.ones(frames, bool), "filled": np.zeros(frames, bool)}  # fmt: skip
    parquet.write(table, path, rows, points=478, frames=frames)


def outcome(motion: Motion, root: Path, **changes: str) -> tuple[Outcome, units.Files]:
    """Through the unit and the merged tables."""
    write_landmarks(motion, root / "clip.parquet")
    how = PARAMS.model_copy(update=changes)
    recipe = Recipe("dmarkers", how, code="", libraries=())
    done = units.write_markers("clip", root / "clip.parquet", root / "unit", recipe=recipe)
    outs = units.files(root)
    dmarkers.merge([root / "unit"], outs, recipe=recipe, given={})
    return done, outs


@pytest.mark.parametrize(("which", "place"), [("largest", 1), ("first", 0)])
def test_two_smiles_are_two_rows_and_the_markers_are_of_one(tmp_path: Path, which: str, place: int):
    done, outs = outcome(TWO, tmp_path, which=which)
    assert done.status == "ok"
    rows = parquet.read(EVENTS, outs.events).to_pylist()
    assert [row["chosen"] for row in rows] == [place == 0, place == 1]
    assert [row["event"] for row in rows] == [0, 1]
    [clip] = parquet.read(DMARKERS, outs.dmarkers).to_pylist()
    assert (clip["smiles"], clip["rest"]) == (2, "start")
    assert clip["onset_start"] == pytest.approx(TWO.smiles[place][0], abs=0.08)
    assert clip["amplitude"] == pytest.approx(rows[place]["amplitude"])
    phases = parquet.read(SIGNALS, outs.signals)["phase"].to_pylist()
    assert len(phases) == len(TIMES)
    assert set(phases) == {"neutral", "onset", "apex", "offset"}


def test_no_smile_is_a_row_without_features(tmp_path: Path):
    done, outs = outcome(quiet(TIMES), tmp_path)
    assert (done.status, done.reason) == ("partial", "no_smile")
    assert parquet.read(EVENTS, outs.events).num_rows == 0
    names, features = read_features(outs.dmarkers)
    assert names == ["clip"]
    assert np.isnan(features).all()
    [clip] = parquet.read(DMARKERS, outs.dmarkers).to_pylist()
    assert clip["smiles"] == 0
    assert clip["seconds"] == TIMES[-1] - TIMES[0]
    assert 0.0 <= clip["amplitude"] < 0.02
    assert 0.0 < clip["noise"] < 0.01


def test_the_published_rule_takes_any_rise_and_fall(tmp_path: Path):
    done, outs = outcome(quiet(TIMES), tmp_path, phases="published", rest="start", smooth="4253h")
    assert done.reason != "no_smile"
    assert np.isfinite(read_features(outs.dmarkers)[1]).any()
    [clip] = parquet.read(DMARKERS, outs.dmarkers).to_pylist()
    assert (clip["smiles"], clip["valid_onset"]) == (0, True)
