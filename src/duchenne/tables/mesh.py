"""Landmarks of a clip in px: `data/mesh/<clip>.parquet`."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.tables import parquet
from duchenne.tables.parquet import Column, Table


def mesh_table(points: int) -> Table:
    """The table for `points` landmarks in each frame, whose number depends on the backend."""
    return Table(
        name="mesh",
        version=1,
        doc="`data/mesh/<clip>.parquet`: landmarks in isotropic px of the upright source; x to the "
        "right, y down, z away from the camera. NaN where there is no face, never null or zero.",
        columns=(
            Column("frame", pa.int32(), "as in frames"),
            Column("time", pa.float64(), "as in frames, s"),
            Column("success", pa.bool_(), "whether there are landmarks"),
            Column("confidence", pa.float32(), "that this is a face, 0 to 1; NaN if not known"),
            Column("xyz", point_list(points), "x, y, z of each point in turn, px"),
        ),
        facts=(
            ("points", "number of landmarks, 478 or 68"),
            ("width, height", "as in frames, px"),
        ),
    )


def point_list(points: int) -> pa.DataType:
    """The type of a row of landmarks: x, y, z of the first point, then of the second, …"""
    return pa.list_(pa.float32(), 3 * points)


def point_column(xyz: npt.NDArray[np.float32]) -> pa.FixedSizeListArray:
    """Landmarks (T, N, 3) as a column of that type."""
    flat = np.ascontiguousarray(xyz, dtype=np.float32).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), xyz.shape[1] * 3)


class MeshClip(NamedTuple):
    """A mesh table in memory: T frames of N landmarks."""

    frames: npt.NDArray[np.int32]  # (T,)
    times: npt.NDArray[np.float64]  # (T,) s
    confidence: npt.NDArray[np.float32]  # (T,)
    xyz: npt.NDArray[np.float32]  # (T, N, 3) px, NaN where there is no face
    size: tuple[int, int]  # of the upright source, px


def read_mesh(path: Path) -> MeshClip:
    """Read a whole mesh table; ten minutes take 90 MB."""
    facts = parquet.facts(path)
    points = int(facts["points"])
    table = parquet.read(mesh_table(points), path, columns=["frame", "time", "confidence"])
    xyz = np.empty((table.num_rows, points, 3), np.float32)
    done = 0
    for batch in parquet.batches(path, size=1024, columns=["xyz"]):
        found = batch["xyz"].flatten().to_numpy().reshape(-1, points, 3)
        xyz[done : done + len(found)] = found
        done += len(found)
    size = (int(facts["width"]), int(facts["height"]))
    frames, times, confidence = (table[name].to_numpy() for name in ("frame", "time", "confidence"))
    return MeshClip(frames, times, confidence, xyz, size)
