"""The table `blinks`: the blinks of every clip."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from duchenne.dmarkers.blinks import Blink
from duchenne.tables.parquet import Column, Table

BLINKS = Table(
    name="blinks",
    version=1,
    doc="`data/blinks.parquet`: the blinks of both eyes in every clip. A blink that the clip cuts "
    "has its part in the clip.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        Column("blink", pa.int16(), "its number in the clip, from 0 in order of time"),
        Column("start", pa.float64(), "when the lids begin to close, s"),
        Column("shut", pa.float64(), "the deepest moment, which lies between frames, s"),
        Column("end", pa.float64(), "when the lids are open again, s"),
        Column("depth", pa.float64(), "share of the opening that is closed at that moment, 0 to 1, "
               "as the landmarks show it; the attention mesh shows half of the demo's closures"),
    ),
)  # fmt: skip


def blink_rows(clip: str, blinks: Sequence[Blink]) -> dict[str, Any]:
    """The columns of BLINKS for one clip."""
    columns = zip(*blinks, strict=True) if blinks else [()] * len(Blink._fields)
    return {
        "clip": pa.array([clip] * len(blinks), pa.string()),
        "blink": np.arange(len(blinks), dtype=np.int16),
        **{
            name: np.array(values, np.float64)
            for name, values in zip(Blink._fields, columns, strict=True)
        },
    }
