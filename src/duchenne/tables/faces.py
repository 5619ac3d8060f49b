"""The box of the followed face in each frame: `data/faces/<clip>.parquet`."""

from pathlib import Path

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


def read_boxes(path: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Boxes (T, 4) in px of the upright source and rolls (T,) in °; NaN where no face is seen."""
    table = parquet.read(FACES, path, columns=[*EDGES, "roll"])
    boxes = np.column_stack([table[edge].to_numpy() for edge in EDGES])
    return boxes, table["roll"].to_numpy()
