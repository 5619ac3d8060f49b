"""The decoded pictures of a clip: `data/frames/<clip>.parquet`."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.media.jpeg import Picture, decode
from duchenne.tables import parquet
from duchenne.tables.parquet import Column, Table

GROUP = 64  # pictures held at a time

FRAMES = Table(
    name="frames",
    version=1,
    doc="`data/frames/<clip>.parquet`: upright frames with square pixels, chosen by time.",
    columns=(
        Column("frame", pa.int32(), "number of the frame among the decoded ones, from 0"),
        Column("time", pa.float64(), "its own presentation time, s; the first decoded frame is 0"),
        Column("jpeg", pa.binary(), "the picture; its sides may be smaller than the source's"),
    ),
    facts=(
        ("width, height", "of the upright source with square pixels, px"),
        ("fps", "mean frame rate of the source, Hz"),
        ("frames_container", "number of frames by the file's header; empty if it says none"),
        ("frames_decoded", "number of frames that could be decoded"),
        ("frames_damaged", "number of frames left out because their data is damaged"),
        ("frames_missing", "number of frames that the file promises and does not hold"),
        ("packets_damaged", "number of pieces of the file that could not be read"),
        ("times_repaired", "number of frames whose time stamp was missing or not increasing"),
        ("rotation", "by which the source had to be turned clockwise, degrees"),
        ("mirrored", "True where the file asked for left and right to be swapped as well"),
    ),
)


class StoredFrames:
    """A frames table: columns without pictures in memory, pictures read in groups; all of them, or
    `only` the frames with these numbers."""

    def __init__(self, path: Path, *, only: npt.NDArray[np.int32] | None = None) -> None:
        columns = parquet.read(FRAMES, path, columns=["frame", "time"])
        facts = parquet.facts(path)
        if only is not None:
            columns = columns.filter(np.isin(columns["frame"].to_numpy(), only))
        self._path, self._only = path, None if only is None else frozenset(only.tolist())
        self.numbers = columns["frame"].to_numpy()
        self.times = columns["time"].to_numpy()
        self.width, self.height = int(facts["width"]), int(facts["height"])

    def __iter__(self) -> Iterator[Picture]:
        for batch in parquet.batches(self._path, size=GROUP):
            for row in batch.to_pylist():
                if self._only is not None and row["frame"] not in self._only:
                    continue
                yield Picture(row["frame"], row["time"], row["jpeg"])

    @cached_property
    def stored(self) -> tuple[int, int]:
        """Width and height of the stored pictures, px."""
        height, width = decode(next(iter(self)).jpeg).shape[:2]
        return width, height

    def zoom(self) -> tuple[float, float]:
        """Factors for x and y from px of a stored picture to px of the upright source."""
        return self.width / self.stored[0], self.height / self.stored[1]
