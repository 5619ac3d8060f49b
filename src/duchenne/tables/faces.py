"""The box of the followed face in each frame: `data/faces/<clip>.parquet`."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.tables import parquet
from duchenne.tables.parquet import Column, Table

EDGES = ("x0", "y0", "x1", "y1")

FACES = Table(
    name="faces",
    version=1,
    doc="`data/faces/<clip>.parquet`: where the one followed face is, in px of the upright source. "
    "NaN where it is not seen.",
    columns=(
        Column("frame", pa.int32(), "as in frames"),
        Column("time", pa.float64(), "as in frames, s"),
        Column("x0", pa.float64(), "left edge of the box, px"),
        Column("y0", pa.float64(), "upper edge, px"),
        Column("x1", pa.float64(), "right edge, px"),
        Column("y1", pa.float64(), "lower edge, px"),
        Column("roll", pa.float64(), "by which the box is turned about its centre, ° clockwise"),
        Column("score", pa.float64(), "of the detection, 0 to 1"),
        Column("n_faces", pa.int32(), "faces seen in the picture"),
    ),
    facts=(("width, height", "as in frames, px"),),
)


class Boxes(NamedTuple):
    """The followed face in T frames; NaN where it is not seen."""

    edges: npt.NDArray[np.float64]  # (T, 4) px of the upright source, as EDGES
    rolls: npt.NDArray[np.float64]  # (T,) °
    faces: npt.NDArray[np.int32]  # (T,), how many faces are seen in the picture


def read_boxes(path: Path, *, frames: npt.NDArray[np.int32] | None = None) -> Boxes:
    """Boxes in all frames, or in those with these numbers."""
    table = parquet.read(FACES, path, columns=["frame", *EDGES, "roll", "n_faces"])
    if frames is not None:
        table = table.filter(np.isin(table["frame"].to_numpy(), frames))
    edges = np.column_stack([table[edge].to_numpy() for edge in EDGES])
    return Boxes(edges, table["roll"].to_numpy(), table["n_faces"].to_numpy())
