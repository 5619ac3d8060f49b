"""A clip's normalised landmarks, read from their table."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.tables import parquet, schemas


class Landmarks(NamedTuple):
    """A landmarks table in memory: T frames of N landmarks."""

    times: npt.NDArray[np.float64]  # (T,) s
    frames: npt.NDArray[np.int32]  # (T,)
    xyz: npt.NDArray[np.float32]  # (T, N, 3), NaN where there is no face


def read_landmarks(path: Path) -> Landmarks:
    """A whole landmarks table."""
    points = int(parquet.facts(path)["points"])
    table = parquet.read(schemas.landmarks(points), path, columns=["frame", "time", "xyz"])
    xyz = table["xyz"].combine_chunks().flatten().to_numpy().reshape(-1, points, 3)
    return Landmarks(table["time"].to_numpy(), table["frame"].to_numpy(), xyz)
