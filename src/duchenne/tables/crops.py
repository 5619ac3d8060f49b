"""The crops table as networks get it, and what decides it. Nothing here needs OpenCV."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.config.yaml import Section
from duchenne.flow.unit import Input, Unit
from duchenne.tables import parquet, schemas


class CropParams(Section):
    """What decides a clip's chips. No model is named: those that look alike share them."""

    side: int  # px
    channels: int  # 1: grey, 3: RGB
    fps: float  # chips per second at most


def unit_of(clip: str, frames: Path, mesh: Path, faces: Path, *, aligned: bool) -> Unit:
    """A clip and what its chips are cut from: frames, and its mesh; of a photograph that has none
    the box of the face, if there is one. The folders are those of the tables."""
    face = (mesh if aligned else faces) / f"{clip}.parquet"
    files = [frames / f"{clip}.parquet", *([face] if aligned or face.exists() else [])]
    return Unit(clip, tuple(Input(file) for file in files), {"aligned": aligned})


class Chips(NamedTuple):
    """A crops table in memory: T chips of `side` px."""

    times: npt.NDArray[np.float64]  # (T,) s
    frames: npt.NDArray[np.int32]  # (T,)
    seen: npt.NDArray[np.bool_]  # (T,) False: no chip
    aligned: npt.NDArray[np.bool_]  # (T,)
    chips: npt.NDArray[np.uint8]  # (T, side, side, C), 0 where not seen
    points: npt.NDArray[np.float32]  # (T, 68, 2) shares of the chip, NaN where not known


def read_crops(path: Path) -> Chips:
    """A whole crops table; ten seconds at 5 a second are 2.5 MB at the most."""
    facts = parquet.facts(path)
    side, channels = int(facts.get("side", 0)), int(facts.get("channels", 0))
    table = parquet.read(schemas.crops(side, channels), path).combine_chunks()
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
        points=points.reshape(-1, schemas.IBUG, 2),
    )
