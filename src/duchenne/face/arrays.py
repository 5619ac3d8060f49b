"""Landmarks published as arrays, one file a clip: (T, 478, 3) in shares of the picture or in px."""

from math import prod
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from duchenne.errors import Unusable
from duchenne.face.regular import opened

MOST_FRAMES = 200_000  # two hours at 25 fps; a header that says more is broken
POINTS = (478, 68)


def read_array(
    path: Path,
    *,
    units: Literal["fraction", "pixels"],
    size: tuple[int, int],
    sha256: str | None = None,
) -> npt.NDArray[np.float32]:
    """Landmarks (T, N, 3) in isotropic px; a frame without a face is NaN, however it was written.

    Shares are of the width for x and z, of the height for y. Zeros in every coordinate are what
    others write for "no face".
    """
    with opened(path, sha256=sha256) as source:
        shape = _shape(source.file)
        source.file.seek(0)
        array = np.load(source.file, allow_pickle=False).reshape(shape)
    width, height = size
    scale = (width, height, width) if units == "fraction" else (1, 1, 1)
    xyz: npt.NDArray[np.float32] = (array * np.array(scale)).astype(np.float32)
    known = np.isfinite(xyz).all(axis=(1, 2)) & (xyz != 0).any(axis=(1, 2))
    xyz[~known] = np.nan
    return xyz


def _shape(file: IO[bytes]) -> tuple[int, ...]:
    """The array's shape by its header, checked before memory is given."""
    headers: Any = np.lib.format  # untyped
    try:
        old = headers.read_magic(file) == (1, 0)
        read = headers.read_array_header_1_0 if old else headers.read_array_header_2_0
        shape, _, kind = read(file)
    except ValueError as error:
        raise Unusable("not_an_array", f"this is no NumPy array ({error})") from error
    fits = len(shape) == 3 and shape[1] in POINTS and shape[2] == 3 and kind.kind == "f"
    if not fits or not 0 < shape[0] <= MOST_FRAMES or not prod(shape):
        detail = f"an array {shape} of {kind}; wanted are numbers (frames, 478 or 68, 3)"
        raise Unusable("not_landmarks", detail)
    return tuple(shape)
