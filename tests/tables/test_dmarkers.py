"""The features of a clip leave its unit in one column, and lose nothing on the way."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from duchenne.dmarkers.names import COLUMNS
from duchenne.tables import parquet
from duchenne.tables.dmarkers import (
    DMARKERS,
    PACKED,
    Given,
    given_rows,
    packed,
    read_features,
    read_seconds,
    unpacked,
)


def test_features_are_what_they_were_before_they_were_packed(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(3, len(COLUMNS)))
    values[1, ::7] = np.nan
    bare = [column for column in DMARKERS.columns if column.name not in COLUMNS]
    rows = {column.name: some_of(column.type) for column in bare}
    parquet.write(PACKED, tmp_path / "packed.parquet", {**rows, "features": packed(values)})
    spread = unpacked(parquet.read(PACKED, tmp_path / "packed.parquet"))
    parquet.write(DMARKERS, tmp_path / "spread.parquet", spread)
    clips, found = read_features(tmp_path / "spread.parquet")
    assert clips == rows["clip"]
    np.testing.assert_array_equal(found, values)
    read = parquet.read(DMARKERS, tmp_path / "spread.parquet")
    assert {name: read[name].to_pylist() for name in rows} == rows


def test_features_of_other_names_follow_and_lengths_are_those_of_all_phases(tmp_path: Path):
    dur = [COLUMNS.index(f"eyes_{phase}_dur") for phase in ("onset", "apex", "offset")]
    values = np.full((3, len(COLUMNS)), np.nan)
    values[:, dur] = [[0.25, 1.5, 0.25], [0.25, np.nan, 0.25], [0.25, 1.5, 0.25]]
    given = {
        "a": Given(values[0], np.nan, {"x": 1.0, "y": 2.0}),
        "b": Given(values[1], np.nan, {}),
        "c": Given(values[2], 3.5, {"x": 3.0}),
    }
    parquet.write(DMARKERS, tmp_path / "rows.parquet", given_rows(given))
    assert read_features(tmp_path / "rows.parquet")[1].shape == (3, 225)
    names, more = read_features(tmp_path / "rows.parquet", others=True)
    assert names == ["a", "b", "c"]
    np.testing.assert_array_equal(more[:, 225:], [[1.0, 2.0], [np.nan] * 2, [3.0, np.nan]])
    seconds = parquet.read(DMARKERS, tmp_path / "rows.parquet")["seconds"].to_numpy()
    np.testing.assert_array_equal(seconds, [2.0, np.nan, 3.5])


def test_lengths_are_those_of_the_clips_that_have_one(tmp_path: Path) -> None:
    rows: dict[str, object] = {column.name: some_of(column.type) for column in DMARKERS.columns}
    parquet.write(DMARKERS, tmp_path / "d.parquet", {**rows, "seconds": [2.5, np.nan, 0.0]})
    assert read_seconds(tmp_path / "d.parquet") == {"a": 2.5, "c": 0.0}


def some_of(kind: pa.DataType) -> list[object]:
    """Three values of a column; its last is empty where that may be."""
    if pa.types.is_string(kind):
        return ["a", "b", "c"]
    if pa.types.is_boolean(kind):
        return [True, False, True]
    return [1, 2, None] if pa.types.is_integer(kind) else [0.5, 1.5, 2.5]
