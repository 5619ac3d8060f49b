"""The outcome of each unit of a stage: `data/status/<stage>.parquet`."""

import pyarrow as pa

from duchenne.tables.parquet import Column, Table

STATUS = Table(
    name="status",
    version=1,
    doc="`data/status/<stage>.parquet`: what became of each unit (clip or fold) in a stage.",
    columns=(
        Column("unit", pa.string(), "clip or fold"),
        Column("status", pa.string(), "ok, partial or failed"),
        Column("reason", pa.string(), "short code; empty if all is well"),
        Column("detail", pa.string(), "the same in words"),
        Column("stage", pa.string(), "the stage that found it: an earlier one's verdict is kept"),
    ),
)
