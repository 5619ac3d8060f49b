"""Tables: what is written is what was promised, whole or not at all, always with the same bytes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from duchenne.errors import StageError, TableError
from duchenne.tables import parquet
from duchenne.tables.frames import FRAMES
from duchenne.tables.parquet import Writer, read, write
from duchenne.tables.status import STATUS
from duchenne.tables.truth import TRUTH

ROW = {"unit": ["a"], "status": ["ok"], "reason": [""], "detail": [""], "stage": ["decode"]}


def test_what_was_written_can_be_read(tmp_path: Path):
    write(STATUS, tmp_path / "s.parquet", ROW, made_by={"stage": "decode"}, fps=25.0, count=None)
    assert read(STATUS, tmp_path / "s.parquet").to_pydict() == ROW
    facts = parquet.facts(tmp_path / "s.parquet")
    assert (facts["fps"], facts["count"]) == ("25.0", "")
    assert facts["duchenne"] == '{"schema": "status", "stage": "decode", "version": 1}'


def test_equal_tables_have_equal_bytes(tmp_path: Path):
    for name in ("a", "b"):
        write(STATUS, tmp_path / name, ROW, made_by={"stage": "decode"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"unit": None}, "missing columns"),
        ({"more": ["x"]}, "unknown columns"),
        ({"unit": [None]}, "column unit has empty values"),
    ],
)
def test_other_columns_are_refused(tmp_path: Path, change: dict[str, list[str]], says: str):
    rows = {name: value for name, value in {**ROW, **change}.items() if value is not None}
    with pytest.raises(TableError, match=says):
        write(STATUS, tmp_path / "s.parquet", rows)
    assert not list(tmp_path.iterdir())


def test_a_table_appears_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "frames.parquet"
    with pytest.raises(RuntimeError), Writer(FRAMES, path) as writer:
        writer.append({"frame": [0], "time": [0.0], "jpeg": [b"x"]})
        raise RuntimeError("interrupted")
    assert not list(tmp_path.iterdir())


def test_an_empty_table_is_a_table(tmp_path: Path):
    with Writer(FRAMES, tmp_path / "empty.parquet"):
        pass
    assert read(FRAMES, tmp_path / "empty.parquet").num_rows == 0


def test_pieces_become_row_groups(tmp_path: Path):
    with Writer(FRAMES, tmp_path / "f.parquet") as writer:
        for i in range(3):
            writer.append({"frame": [i], "time": [float(i)], "jpeg": [b"x"]})
    assert pa.parquet.read_metadata(tmp_path / "f.parquet").num_row_groups == 3


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (None, StageError, "is missing; run `dvc repro`"),
        (b"not parquet at all", TableError, "is not a Parquet file"),
        ("status", TableError, "holds status version 1, not frames version 1"),
    ],
)
def test_a_file_that_is_not_what_its_place_promises_is_refused(
    tmp_path: Path, content: bytes | str | None, error: type[Exception], says: str
):
    path = tmp_path / "x.parquet"
    if content == "status":
        write(STATUS, path, ROW)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(error, match=says):
        read(FRAMES, path)


def test_only_words_get_a_dictionary(tmp_path: Path):
    """With one, numbers take several times as long to write, and more room."""
    rows = {"clip": ["a"], "time": [0.0], "lip": [0.5], "cheek": [0.1]}
    write(TRUTH, tmp_path / "t.parquet", {**rows, "eyelid": [0.2], "phase": ["apex"]})
    group = pq.read_metadata(tmp_path / "t.parquet").row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    coded = {column.path_in_schema for column in columns if column.has_dictionary_page}
    assert coded == {"clip", "phase"}
