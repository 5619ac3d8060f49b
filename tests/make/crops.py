"""Clips for tests of chips: frames, mesh and faces tables as earlier stages write them."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from duchenne.media.jpeg import Pixels, encode
from duchenne.tables import parquet
from duchenne.tables.faces import FACES
from duchenne.tables.frames import FRAMES
from duchenne.tables.mesh import mesh_table, point_column
from tests.make.portraits import flat_face, mesh_face

Array = NDArray[np.float64]
SIZE = (320, 240)  # px
UNIT = 30.0  # px between the eyes


def face(points: int = 478) -> Array:
    """A face (N, 3) px in the middle of the picture."""
    portrait = mesh_face() if points == 478 else flat_face()
    return portrait * UNIT + (SIZE[0] / 2, SIZE[1] / 2 - 15.0, 0.0)


def texture(seed: int = 0) -> Pixels:
    """A picture `(240, 320, 3)` of smooth blobs."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)


def write_frames(
    path: Path,
    pictures: list[Pixels],
    times: ArrayLike,
    *,
    size: tuple[int, int] = SIZE,
    quality: int = 100,
) -> Path:
    """Write a frames table; `size` is that of the source, which may be larger than pictures."""
    rows = {
        "frame": np.arange(len(pictures)) + 10,
        "time": np.asarray(times, np.float64),
        "jpeg": [encode(picture, quality=quality) for picture in pictures],
    }
    parquet.write(FRAMES, path, rows, width=size[0], height=size[1])
    return path


def write_mesh(path: Path, faces: ArrayLike, times: ArrayLike) -> Path:
    """Write a mesh table of landmarks (T, N, 3) px of the source, NaN where there is no face."""
    xyz = np.asarray(faces, np.float32)
    rows = {
        "frame": np.arange(len(xyz)) + 10,
        "time": np.asarray(times, np.float64),
        "success": np.isfinite(xyz).all(axis=(1, 2)),
        "confidence": np.ones(len(xyz), np.float32),
        "xyz": point_column(xyz),
    }
    points, width, height = xyz.shape[1], *SIZE
    parquet.write(mesh_table(points), path, rows, points=points, width=width, height=height)
    return path


def write_box(path: Path, box: tuple[float, float, float, float], *, roll: float) -> Path:
    """Write a faces table of one frame; `box` is in px of the source."""
    edges = dict(zip(("x0", "y0", "x1", "y1"), ([edge] for edge in box), strict=True))
    rows = {"frame": [10], "time": [0.0], **edges, "roll": [roll], "score": [0.9], "n_faces": [1]}
    parquet.write(FACES, path, rows, width=SIZE[0], height=SIZE[1])
    return path
