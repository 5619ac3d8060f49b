"""What `duchenne measure` writes of each clip: `clips.parquet` and `clips.csv` in its folder."""

import pyarrow as pa

from duchenne.face.quality import Quality
from duchenne.tables.parquet import Column, Table

MEASURED = Table(
    name="measured",
    version=1,
    doc="`clips.parquet` of `duchenne measure`: every clip, measured or not. The folder has "
    "`markers`, `smiles` and `blinks` too, with the columns of dmarkers, events and blinks, and "
    "`signals/<clip>.parquet` with those of signals.",
    columns=(
        Column("clip", pa.string(), "name, made of A-Z a-z 0-9 . _ -"),
        Column("path", pa.string(), "the file or folder, as it was named"),
        Column("status", pa.string(), "ok, partial (measured, with a remark) or failed"),
        Column("reason", pa.string(), "what is to be known of it, as a code; empty if nothing"),
        Column("detail", pa.string(), "the same in words"),
        Column("usable", pa.bool_(), "whether it meets the limits of quality; False if failed"),
        Column("seconds", pa.float64(), "from the first to the last frame, s"),
        Column("fps", pa.float64(), "frames per second of the file, Hz"),
        Column("frames", pa.int32(), "number of frames that were measured; null if failed", False),
        *(
            Column(name, pa.float64(), "as in quality") for name in Quality.__dataclass_fields__
        ),
        Column("smiles", pa.int16(), "how many smiles; null if failed", False),
        Column("blinks", pa.int16(), "how many blinks; null if failed", False),
    ),
)  # fmt: skip
