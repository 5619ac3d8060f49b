"""The true motion in the demo, by frame, by smile and by blink."""

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

SMILES = Table(
    name="true_smiles",
    version=1,
    doc="`data/raw/demo/smiles.parquet`: the true smiles of the demo's clips. Times are those of "
    "the lip drive, also where they lie before or after the clip.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        Column("smile", pa.int16(), "number within the clip, from 0, in the order of time"),
        Column("onset_start", pa.float64(), "the lip drive rises above 5 % of its amplitude, s"),
        Column("onset_end", pa.float64(), "it rises above 95 %, s"),
        Column("offset_start", pa.float64(), "it falls below 95 %, s"),
        Column("offset_end", pa.float64(), "it falls below 5 %, s"),
        Column("amplitude", pa.float64(), "greatest lip drive, share of a full smile"),
        Column("kind", pa.string(), "of the clip: plain, late (it begins within the onset), early "
               "(it ends within the offset), two (smiles) or slow (onsets)"),
    ),
)  # fmt: skip

BLINKS = Table(
    name="true_blinks",
    version=1,
    doc="`data/raw/demo/blinks.parquet`: the true blinks of the demo's clips.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        Column("start", pa.float64(), "the lids begin to close, s"),
        Column("shut", pa.float64(), "the lids are closest to each other, s"),
        Column("end", pa.float64(), "the lids are open again, s"),
        Column("depth", pa.float64(), "share of the opening without the blink that it closes"),
    ),
)  # fmt: skip
