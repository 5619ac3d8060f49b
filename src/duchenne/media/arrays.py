"""Landmarks published as .npy files, one per clip: (T, 478 or 68, 3), as fractions or px.

The header is read here rather than by NumPy, whose reader raises any error of Python's parser. It
must be complete and of landmarks, and the file must be as long as it says.
"""

import ast
import os
from io import FileIO
from math import prod
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.errors import Unusable
from duchenne.media.regular import opened

MOST_FRAMES = 200_000  # two hours at 25 fps; more means a broken header
POINTS = (478, 68)

# How far x and y may reach, in widths and heights of the picture: a face may lie half outside it.
_FARTHEST = 2.0

_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}  # of the header, by version
_LONGEST_HEADER = 10_000  # bytes, the most that NumPy parses; 118 are usual
_KINDS = ("<f2", "<f4", "<f8", ">f2", ">f4", ">f8")  # half, single, double precision


class _Header(NamedTuple):
    """The header of a .npy file, with the names of the format."""

    descr: str
    fortran_order: bool
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        return prod(self.shape) * np.dtype(self.descr).itemsize


def read_array(
    path: Path,
    *,
    units: Literal["fraction", "pixels"],
    size: tuple[int, int],
    sha256: str | None = None,
) -> npt.NDArray[np.float32]:
    """Landmarks (T, N, 3) in isotropic px, NaN in frames without a face.

    `units` are px, or fractions of the width for x and z and of the height for y; `size` is the
    picture's (width, height). A frame of zeros only, or with a value that is not finite, has no
    face. Values of another unit, or of a much larger picture, are Unusable.
    """
    with opened(path, sha256=sha256) as source:
        array = _numbers(source.file)
    width, height = size
    scale = (width, height, width) if units == "fraction" else (1, 1, 1)
    with np.errstate(over="ignore", invalid="ignore"):  # beyond float32: infinite, so no face
        xyz: npt.NDArray[np.float32] = (array * np.array(scale)).astype(np.float32)
    known = np.isfinite(xyz).all(axis=(1, 2)) & (xyz != 0).any(axis=(1, 2))
    xyz[~known] = np.nan
    if known.any():
        _check_units(xyz[known, :, :2] / scale[:2], units=units, size=size)
    return xyz


def _check_units(xy: npt.NDArray[np.floating[Any]], *, units: str, size: tuple[int, int]) -> None:
    """Refuse x and y, as in the file, of another unit than `units`, or of a larger picture."""
    reach = np.percentile(np.abs(xy), 99, axis=(0, 1))  # of x and of y
    says = f"x and y reach {reach[0]:.4g} and {reach[1]:.4g}"
    if units == "fraction" and reach.max() > _FARTHEST:
        raise Unusable("wrong_units", f"{says}, so they are px; say landmarks: {{units: pixels}}")
    if units == "pixels" and reach.max() <= _FARTHEST:
        raise Unusable(
            "wrong_units", f"{says}, so they are fractions; say landmarks: {{units: fraction}}"
        )
    if units == "pixels" and (reach > _FARTHEST * np.array(size)).any():
        raise Unusable(
            "wrong_size",
            f"{says} px, far outside {size[0]} × {size[1]} px; mend landmarks: {{width, height}}",
        )


def _numbers(file: FileIO) -> npt.NDArray[np.floating[Any]]:
    """The array, after checking that the file is as long as its header says."""
    header = _header(_header_text(file))
    _check_length(os.fstat(file.fileno()).st_size - file.tell(), promised=header.bytes)
    flat = np.fromfile(file, np.dtype(header.descr), count=prod(header.shape))
    _check_length(flat.nbytes, promised=header.bytes)  # the file may have shrunk meanwhile
    return flat.reshape(header.shape, order="F" if header.fortran_order else "C")


def _check_length(there: int, *, promised: int) -> None:
    if there < promised:
        detail = f"{there} bytes of numbers, where {promised} are promised; copy it again"
        raise Unusable("truncated", detail)
    if there > promised:
        raise _no_array(f"{there} bytes follow its header, which promises {promised}")


def _header_text(file: FileIO) -> bytes:
    """The text of the header, which follows its length."""
    start = file.read(len(_MAGIC) + 2)
    width = _LENGTH_BYTES.get(start[len(_MAGIC) :])
    if not start.startswith(_MAGIC) or width is None:
        raise _no_array("it does not begin as one of version 1, 2 or 3 does")
    length = int.from_bytes(file.read(width), "little")
    if length > _LONGEST_HEADER:
        raise _no_array(f"a header of {length} bytes; at most {_LONGEST_HEADER} are read")
    text = file.read(length)
    if len(text) < length:
        raise Unusable("truncated", "the file ends within its header; copy it again")
    return text


def _header(text: bytes) -> _Header:
    """The parsed header; raises Unusable if it is not of landmarks."""
    try:
        values = ast.literal_eval(text.decode("ascii"))  # only names of columns may be non-ASCII
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise _no_array("its header cannot be parsed") from error  # literal_eval raises no others
    if not isinstance(values, dict) or set(values) != set(_Header._fields):
        raise _no_array(f"its header does not hold {', '.join(_Header._fields)}")
    if not _is_of_landmarks(**values):
        says = f"its header says {text.strip()!r:.120}"
        raise Unusable("not_landmarks", f"{says}; wanted are floats (frames, 478 or 68, 3)")
    return _Header(**values)


def _is_of_landmarks(*, descr: Any, fortran_order: Any, shape: Any) -> bool:
    if descr not in _KINDS or not isinstance(fortran_order, bool) or not isinstance(shape, tuple):
        return False
    if [type(length) for length in shape] != [int, int, int]:  # True is no int
        return False
    frames, points, axes = shape
    return 0 < frames <= MOST_FRAMES and points in POINTS and axes == 3


def _no_array(how: str) -> Unusable:
    return Unusable("not_an_array", f"this is no NumPy array: {how}; copy it again")
