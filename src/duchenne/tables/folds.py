"""The role of each clip in each fold: `data/folds.parquet`."""

import pyarrow as pa

from duchenne.tables.parquet import Column, Table

FOLDS = Table(
    name="folds",
    version=1,
    doc="`data/folds.parquet`: each clip's role in each fold; no subject has two in one fold.",
    columns=(
        Column("fold", pa.string(), "name of the fold"),
        Column("clip", pa.string(), "the clip"),
        Column("role", pa.string(), "train, val (chooses the epoch) or test"),
    ),
)
