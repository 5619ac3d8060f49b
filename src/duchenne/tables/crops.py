"""Chips, the aligned face crops of a clip: `data/crops/<clip>.parquet`. It needs no OpenCV."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.tables import parquet
from duchenne.tables.parquet import Column, Table

IBUG = 68  # landmarks of iBUG's annotation scheme


def crops_table(side: int, channels: int) -> Table:
    """The table for chips of `side` px with 1 (grey) or 3 channels (RGB), as a model needs them."""
    return Table(
        name="crops",
        version=1,
        doc="`data/crops/<clip>.parquet`: upright pictures of the followed face, all of one size, "
        "with the eyes in one place; at the rate of a window, chosen by time. No files where the "
        "model looks at no pictures.",
        columns=(
            Column("frame", pa.int32(), "as in frames"),
            Column("time", pa.float64(), "as in frames, s"),
            Column("success", pa.bool_(), "whether there is a chip"),
            Column(
                "aligned",
                pa.bool_(),
                "whether landmarks say where it lies; else the box of a photograph's face does, or "
                "the photograph's shape",
            ),
            Column(
                "chip",
                pa.binary(side * side * channels),
                "row by row, from left to right, 0 to 255, red, green, blue or grey; null where "
                "there is none",
                False,
            ),
            Column(
                "points",
                pa.list_(pa.float32(), 2 * IBUG),
                "x and y of each of iBUG's 68 landmarks in turn, in shares of the chip, 0 to 1 "
                "inside it; NaN where not known",
            ),
        ),
        facts=(
            ("side", "of a chip, px"),
            ("channels", "1: grey, 3: red, green and blue"),
            ("fps", "chips per second at most, Hz"),
        ),
    )


class Chips(NamedTuple):
    """A crops table in memory: T chips of `side` px."""

    times: npt.NDArray[np.float64]  # (T,) s
    frames: npt.NDArray[np.int32]  # (T,)
    seen: npt.NDArray[np.bool_]  # (T,) False: no chip
    aligned: npt.NDArray[np.bool_]  # (T,)
    chips: npt.NDArray[np.uint8]  # (T, side, side, C), 0 where not seen
    points: npt.NDArray[np.float32]  # (T, 68, 2) shares of the chip, NaN where not known


def read_crops(path: Path) -> Chips:
    """Read a whole crops table; ten seconds at 5 Hz take at most 2.5 MB."""
    facts = parquet.facts(path)
    side, channels = int(facts.get("side", 0)), int(facts.get("channels", 0))
    table = parquet.read(crops_table(side, channels), path).combine_chunks()
    seen = table["success"].to_numpy()
    chips = np.zeros((table.num_rows, side, side, channels), np.uint8)
    held = b"".join(table["chip"].drop_null().to_pylist())
    chips[seen] = np.frombuffer(held, np.uint8).reshape(-1, side, side, channels)
    points = table["points"].combine_chunks().flatten().to_numpy()
    return Chips(
        times=table["time"].to_numpy(),
        frames=table["frame"].to_numpy(),
        seen=seen,
        aligned=table["aligned"].to_numpy(),
        chips=chips,
        points=points.reshape(-1, IBUG, 2),
    )
