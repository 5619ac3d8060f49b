"""From the folders of all folds to two tables."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from duchenne.flow.unit import Recipe
from duchenne.tables import parquet, schemas
from duchenne.tables.files import write_csv
from duchenne.tables.fold_files import files


def merge_predictions(
    folders: Sequence[Path], clips: pa.Table, target: Path, *, groups: Sequence[str], recipe: Recipe
) -> None:
    """data/predictions.parquet: all folds' predictions with the clips' groups."""
    parts = [parquet.read(schemas.PREDICTIONS, files(folder).predictions) for folder in folders]
    whole = pa.concat_tables(parts)
    place = {name: number for number, name in enumerate(clips["clip"].to_pylist())}
    order = [place[name] for name in whole["clip"].to_pylist()]
    for group in groups:
        whole = whole.append_column(group, clips[group].take(order))
    parquet.write(schemas.PREDICTIONS, target, whole, made_by=recipe.made_by())


def merge_history(folders: Sequence[Path], target: Path) -> None:
    """data/history.csv: a row for each epoch of each fold."""
    rows: list[Mapping[str, Any]] = []
    for folder in folders:
        chosen = json.loads(files(folder).facts.read_text(encoding="utf-8"))["epoch"]
        for row in json.loads(files(folder).history.read_text(encoding="utf-8")):
            rows.append({**row, "chosen": int(row["epoch"] == chosen)})
    write_csv(target, list(rows[0]), rows)
