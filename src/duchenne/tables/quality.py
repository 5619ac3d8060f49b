"""The quality of each clip and whether it is used: `data/quality.parquet`."""

import pyarrow as pa

from duchenne.face.outside import REGIONS
from duchenne.tables.parquet import Column, Table

QUALITY = Table(
    name="quality",
    version=2,
    doc="`data/quality.parquet`: what can be trusted of each clip, and whether it is used.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        Column("used", pa.bool_(), "whether later stages use it"),
        Column("reason", pa.string(), "why not; empty if it is used"),
        Column("detail", pa.string(), "the same in words"),
        Column("frames", pa.int32(), "number of frames"),
        Column("seen", pa.float64(), "fraction of the frames that show the face"),
        Column("gap", pa.float64(), "longest time without the face, s"),
        Column("yaw", pa.float64(), "largest turn sideways, ° (99th percentile, either way)"),
        Column("pitch", pa.float64(), "largest turn up or down, °"),
        Column("roll", pa.float64(), "largest turn in the picture, °"),
        Column("size", pa.float64(), "shorter side of the smallest face box, px"),
        Column("jitter", pa.float64(), "tremble of the rigid points, inter-ocular distances"),
        *(
            Column(f"out_{name}", pa.float64(), f"fraction of the frames with a face in which the "
                   f"{name} lie outside the picture, at least in part")
            for name in REGIONS
        ),
        Column("faces", pa.float64(), "people seen at once (but for 5 % of the frames)"),
        Column("remark", pa.string(), "what is to be known of it: truncated, times_repaired, … as "
               "decode said, cut (one piece was kept), several_people"),
    ),
)  # fmt: skip
