"""Pose-normalised landmarks of a clip: `data/landmarks/<clip>.parquet`."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.face.outside import REGIONS
from duchenne.face.quality import Quality
from duchenne.tables import parquet
from duchenne.tables.mesh import point_list
from duchenne.tables.parquet import Column, Table

MEASURES = tuple(Quality.__dataclass_fields__)


def landmarks_table(points: int) -> Table:
    """The table for `points` pose-normalised landmarks in each frame."""
    return Table(
        name="landmarks",
        version=2,
        doc="`data/landmarks/<clip>.parquet`: landmarks after pose normalisation; the distance "
        "between the eye centres is 1, the origin lies between them, y points down.",
        columns=(
            Column("frame", pa.int32(), "as in frames"),
            Column("time", pa.float64(), "as in frames, s"),
            Column("success", pa.bool_(), "whether there are landmarks, measured or filled in"),
            Column("filled", pa.bool_(), "whether they were interpolated across a short gap"),
            Column("confidence", pa.float32(), "as in mesh"),
            Column("yaw", pa.float64(), "turn of the head to the picture's right, °"),
            Column("pitch", pa.float64(), "turn of the head upwards, °"),
            Column("roll", pa.float64(), "turn of the head clockwise, °"),
            Column("scale", pa.float64(), "px per inter-ocular distance"),
            Column("residual", pa.float64(), "misfit of the rigid points, inter-ocular distances"),
            *(
                Column(f"out_{name}", pa.bool_(), f"whether the {name} lie outside the picture, at "
                       "least in part, so that landmarks are guessed there")
                for name in REGIONS
            ),
            Column("xyz", point_list(points), "x, y, z of each point, inter-ocular distances"),
        ),
        facts=(
            ("points", "number of landmarks, 478 or 68"),
            ("frames", "number of frames"),
            (", ".join(MEASURES), "as in quality"),
        ),
    )  # fmt: skip


class Landmarks(NamedTuple):
    """A landmarks table in memory: T frames of N landmarks."""

    times: npt.NDArray[np.float64]  # (T,) s
    frames: npt.NDArray[np.int32]  # (T,)
    xyz: npt.NDArray[np.float32]  # (T, N, 3), NaN where there is no face
    out: npt.NDArray[np.bool_]  # (T, 3), which regions lie outside the picture


def read_landmarks(path: Path) -> Landmarks:
    """Read a whole landmarks table."""
    points = int(parquet.facts(path)["points"])
    edges = [f"out_{name}" for name in REGIONS]
    table = parquet.read(landmarks_table(points), path, columns=["frame", "time", "xyz", *edges])
    xyz = table["xyz"].combine_chunks().flatten().to_numpy().reshape(-1, points, 3)
    out = np.stack([table[name].to_numpy() for name in edges], axis=1)
    return Landmarks(table["time"].to_numpy(), table["frame"].to_numpy(), xyz, out)


def read_quality(path: Path) -> tuple[int, Quality]:
    """Read the number of frames and the quality of a clip from its metadata."""
    facts = parquet.facts(path)
    measures = {name: float(facts[name]) for name in MEASURES}
    return int(facts["frames"]), Quality(**measures)
