"""What a workspace has of a run; everything but the scores may be missing."""

import csv
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from duchenne.errors import StageError
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.dmarkers import DMARKERS
from duchenne.tables.quality import QUALITY

Row = dict[str, Any]


@dataclass(frozen=True)
class Files:
    root: Path

    @cached_property
    def scores(self) -> Row:
        """data/reports/scores.json; StageError without it."""
        found = self.json("data/reports/scores.json")
        if not found:
            raise StageError("there is no data/reports/scores.json yet; run `dvc repro`")
        return found

    def json(self, path: str) -> Row:
        file = self.root / path
        found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return found if isinstance(found, dict) else {}

    def csv(self, path: str) -> list[dict[str, str]]:
        file = self.root / path
        if not file.is_file():
            return []
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    @cached_property
    def quality(self) -> list[Row]:
        return list(self._table(QUALITY, "data/quality.parquet").to_pylist())

    @cached_property
    def clips(self) -> list[Row]:
        return list(self._table(CLIPS, "data/clips.parquet").to_pylist())

    @cached_property
    def dmarkers(self) -> pa.Table:
        return self._table(DMARKERS, "data/dmarkers.parquet")

    def _table(self, table: parquet.Table, path: str) -> pa.Table:
        file = self.root / path
        return parquet.read(table, file) if file.is_file() else table.schema.empty_table()
