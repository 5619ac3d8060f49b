"""Describe, check, read and write the Parquet tables that stages exchange.

Each table is described in a module beside this one. Times are in s and lengths in px of the upright
frame, unless a column says otherwise. A missing value is null, or NaN in lists of numbers; never 0.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from duchenne.errors import StageError, TableError
from duchenne.tables import files

Json = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a table; `doc` has its meaning and unit. A `required` one has no nulls."""

    name: str
    type: pa.DataType
    doc: str
    required: bool = True


@dataclass(frozen=True)
class Table:
    """The schema of a Parquet file. `open` tables may have further columns, such as groups."""

    name: str
    version: int
    doc: str
    columns: tuple[Column, ...]
    facts: tuple[tuple[str, str], ...] = ()  # names and meanings of its metadata
    open: bool = False

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, nullable=not c.required) for c in self.columns])


class Writer:
    """Write a table in pieces; the file gets its name only when it is complete."""

    def __init__(
        self, table: Table, path: Path, *, made_by: Mapping[str, Any] | None = None
    ) -> None:
        self._table, self._path = table, path
        self._made_by = {"schema": table.name, "version": table.version, **(made_by or {})}
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file: pq.ParquetWriter | None = None
        self._facts: dict[str, str] = {}

    def append(self, rows: Mapping[str, Sequence[Any]] | pa.Table) -> None:
        """Add rows as one row group; the first piece sets the further columns of an open table."""
        piece = conform(self._table, rows)
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = pq.ParquetWriter(self._part, piece.schema, **_packing(piece))
        self._file.write_table(piece)

    def facts(self, **facts: object) -> None:
        """Add values to the metadata of the file; None, for unknown, becomes an empty text."""
        self._facts.update({k: "" if v is None else str(v) for k, v in facts.items()})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            if self._file is not None:
                self._file.close()
            with suppress(FileNotFoundError):
                self._part.unlink()

    def _finish(self) -> None:
        if self._file is None:
            self.append(self._table.schema.empty_table())
        assert self._file is not None
        made_by = json.dumps(self._made_by, sort_keys=True)
        self._file.add_key_value_metadata({**self._facts, "duchenne": made_by})
        self._file.close()
        files.settle(self._part, self._path)


def write(
    table: Table,
    path: Path,
    rows: Mapping[str, Sequence[Any]] | pa.Table,
    *,
    made_by: Mapping[str, Any] | None = None,
    **facts: object,
) -> None:
    """Write a whole table at once, atomically."""
    with Writer(table, path, made_by=made_by) as writer:
        writer.append(rows)
        writer.facts(**facts)


def read(table: Table, path: Path, *, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table; a file with another schema or version is an error."""
    with _opened(path) as file:
        _check(table, path, _metadata(file.metadata))
        return file.read(columns=None if columns is None else list(columns))


def facts(path: Path) -> dict[str, str]:
    """The metadata of a file, as text by name."""
    return _metadata(pq.read_metadata(path))


def _metadata(footer: pq.FileMetaData) -> dict[str, str]:
    raw = footer.metadata or {}
    return {k.decode(): v.decode() for k, v in raw.items() if k not in (b"ARROW:schema",)}


def batches(path: Path, *, size: int, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Read a file in batches. By default Arrow would pre-buffer, and keep the whole file."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        yield from file.iter_batches(batch_size=size, columns=columns)


def conform(table: Table, rows: Mapping[str, Sequence[Any]] | pa.Table) -> pa.Table:
    """Rows with the columns, order and types of a table; an error names the column."""
    given = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
    names, there = [column.name for column in table.columns], given.column_names
    extra = [name for name in there if name not in names]
    missing = [name for name in names if name not in there]
    if missing or (extra and not table.open):
        raise TableError(f"table {table.name}: missing columns {missing}, unknown columns {extra}")
    for column in table.columns:
        if column.required and given[column.name].null_count:
            raise TableError(f"table {table.name}: column {column.name} has empty values")
    fields = [*table.schema, *(given.schema.field(name) for name in extra)]
    return given.select([*names, *extra]).cast(pa.schema(fields))


def _packing(piece: pa.Table) -> dict[str, Any]:
    """Options of ParquetWriter: compression, dictionaries and statistics.

    JPEG (variable binary) is not compressed again. Only text has a dictionary: with one, landmarks
    take six times as long to write and 1.5 times the space. Pixels (fixed binary) have no
    statistics: with minimum and maximum, a file of one chip is three times as large.
    """
    schema = piece.schema
    packed = {f.name: "NONE" if pa.types.is_binary(f.type) else "ZSTD" for f in schema}
    words = [field.name for field in schema if pa.types.is_string(field.type)]
    pixels = any(pa.types.is_fixed_size_binary(field.type) for field in schema)
    return {"compression": packed, "write_statistics": not pixels, "use_dictionary": words}


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except FileNotFoundError:
        raise StageError(f"{path} is missing; run `dvc repro`, which makes it") from None
    except pa.ArrowInvalid as error:
        raise TableError(f"{path} is not a Parquet file: {error}") from None


def _check(table: Table, path: Path, metadata: Mapping[str, str]) -> None:
    made_by = json.loads(metadata.get("duchenne", "{}"))
    found = (made_by.get("schema"), made_by.get("version"))
    if found != (table.name, table.version):
        raise TableError(
            f"{path}: holds {found[0]} version {found[1]}, not {table.name} version "
            f"{table.version}; run `dvc repro` to make it anew"
        )
