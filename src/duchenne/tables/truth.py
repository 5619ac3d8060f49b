"""The true motion in the demo: `data/raw/demo/truth.parquet`."""

import pyarrow as pa

from duchenne.tables.parquet import Column, Table

TRUTH = Table(
    name="truth",
    version=1,
    doc="`data/raw/demo/truth.parquet`: the known motion behind each frame of the demo's clips.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        Column("time", pa.float64(), "of the rendered frame, s"),
        Column("lip", pa.float64(), "drive of the lip corners, 0 at rest"),
        Column("cheek", pa.float64(), "drive of the cheeks, 0 at rest"),
        Column("eyelid", pa.float64(), "closing of the lids, 0 open, 1 closed; blinks included"),
        Column("phase", pa.string(), "neutral, onset, apex or offset; changes where the lip drive "
               "crosses 5 % and 95 % of its amplitude"),
    ),
)  # fmt: skip
