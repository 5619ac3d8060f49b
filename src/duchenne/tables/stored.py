"""What earlier stages have written, as arrays; nothing here computes or knows how it was made."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from duchenne.media.jpeg import Picture, decode
from duchenne.tables import parquet, schemas

GROUP = 64  # pictures held at a time
EDGES = ("x0", "y0", "x1", "y1")


class StoredFrames:
    """A frames table: small columns at once, pictures one by one."""

    def __init__(self, path: Path) -> None:
        columns = parquet.read(schemas.FRAMES, path, columns=["frame", "time"])
        facts = parquet.facts(path)
        self._path = path
        self.numbers = columns["frame"].to_numpy()
        self.times = columns["time"].to_numpy()
        self.width, self.height = int(facts["width"]), int(facts["height"])

    def __iter__(self) -> Iterator[Picture]:
        for batch in _batches(self._path, size=GROUP):
            for row in batch.to_pylist():
                yield Picture(row["frame"], row["time"], row["jpeg"])

    @cached_property
    def stored(self) -> tuple[int, int]:
        """Width and height of the stored pictures, px."""
        height, width = decode(next(iter(self)).jpeg).shape[:2]
        return width, height

    def zoom(self) -> tuple[float, float]:
        """By which x and y of a stored picture become px of the upright source."""
        return self.width / self.stored[0], self.height / self.stored[1]


def read_boxes(path: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Boxes (T, 4) in px of the upright source and rolls (T,) in °; NaN where no face is seen."""
    table = parquet.read(schemas.FACES, path, columns=[*EDGES, "roll"])
    boxes = np.column_stack([table[edge].to_numpy() for edge in EDGES])
    return boxes, table["roll"].to_numpy()


class MeshClip(NamedTuple):
    """A mesh table in memory: T frames of N landmarks."""

    frames: npt.NDArray[np.int32]  # (T,)
    times: npt.NDArray[np.float64]  # (T,) s
    confidence: npt.NDArray[np.float32]  # (T,)
    xyz: npt.NDArray[np.float32]  # (T, N, 3) px, NaN where there is no face
    size: tuple[int, int]  # of the upright source, px


def read_mesh(path: Path) -> MeshClip:
    """A whole mesh table; ten minutes are 90 MB."""
    facts = parquet.facts(path)
    points = int(facts["points"])
    table = parquet.read(schemas.mesh(points), path, columns=["frame", "time", "confidence"])
    xyz = np.empty((table.num_rows, points, 3), np.float32)
    done = 0
    for batch in _batches(path, size=1024, columns=["xyz"]):
        found = batch["xyz"].flatten().to_numpy().reshape(-1, points, 3)
        xyz[done : done + len(found)] = found
        done += len(found)
    size = (int(facts["width"]), int(facts["height"]))
    frames, times, confidence = (table[name].to_numpy() for name in ("frame", "time", "confidence"))
    return MeshClip(frames, times, confidence, xyz, size)


def _batches(
    path: Path, *, size: int, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """A file piece by piece. Arrow would by default read ahead and hold all that it has read."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        yield from file.iter_batches(batch_size=size, columns=columns)
