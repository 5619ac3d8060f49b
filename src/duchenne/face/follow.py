"""One face through a clip: which one, where it is in every frame, and where it is not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from duchenne.errors import Unusable
from duchenne.face.crop import Array
from duchenne.face.detect import Detections
from duchenne.face.smooth import smoothed
from duchenne.face.tracks import Face, track

Select = Literal["largest", "center", "first", "error"]


@dataclass(frozen=True)
class Track:
    """The followed face in each of T frames, NaN where it is not seen.

    x0, y0, x1, y1 in px of the pictures that were looked at; the box lies in the face's axes, and
    `roll` ° clockwise turn it about its centre. `score` is 0 to 1, `n_faces` counts all faces.
    """

    x0: Array
    y0: Array
    x1: Array
    y1: Array
    roll: Array
    score: Array
    n_faces: NDArray[np.int64]


def follow(
    found: Sequence[Detections | None],
    times: ArrayLike,
    *,
    size: tuple[int, int],
    select: Select,
    min_score: float,
) -> Track:
    """From the detections of each frame (None: nobody looked), at `times` (T,) s.

    `size` is the width and height of the pictures in px. A face counts if it reaches `min_score` at
    half of the looks that show it: writing and clouds do so now and then. Raises Unusable: no_face,
    or several_faces where `select` is error and two faces were seen together at two looks or more
    (or at the only one).
    """
    at = np.asarray(times, dtype=np.float64)
    faces = [face for face in track(found, at.tolist()) if _score(face) >= min_score]
    looks = np.array([frame for frame, seen in enumerate(found) if seen is not None], dtype=int)
    if not faces:
        detail = f"no face scored {min_score} or more in the {len(looks)} frames looked at"
        raise Unusable("no_face", detail)
    counts = np.bincount([frame for face in faces for frame in face.seen], minlength=len(at))[looks]
    if select == "error":
        _check_single(counts)
    chosen = _choose(faces, select=select, size=size)
    x0, y0, x1, y1, roll, score = _every_frame(chosen, looks, times=at).T
    before = np.maximum(np.searchsorted(looks, np.arange(len(at)), side="right") - 1, 0)
    return Track(x0, y0, x1, y1, roll, score, counts[before])


def _check_single(counts: NDArray[np.int64]) -> None:
    """A second face at a single look of many may be a poster, or a mistake of the detector."""
    together = int((counts > 1).sum())
    if together >= min(2, len(counts)):
        detail = (
            f"{counts.max()} faces are seen together, at {together} of {len(counts)} looks; "
            "cut the clip to one person, or set detect.select to largest, center or first"
        )
        raise Unusable("several_faces", detail)


def _choose(faces: list[Face], *, select: Select, size: tuple[int, int]) -> Face:
    """Of those seen at least half as often as the most seen one; so no passer-by is chosen."""
    most = max(len(face.seen) for face in faces)
    lasting = [face for face in faces if 2 * len(face.seen) >= most]
    order: dict[Select, Callable[[Face], tuple[float, ...]]] = {
        "largest": lambda face: (-_area(face),),
        "center": lambda face: (_off_centre(face, size), -_area(face)),
        "first": lambda face: (face.seen[0], -_area(face)),
        "error": lambda face: (-len(face.seen), -_area(face)),
    }
    return min(lasting, key=order[select])


def _score(face: Face) -> float:
    return float(np.median(face.table[:, 5]))


def _area(face: Face) -> float:
    """Median, px²."""
    low, high = face.table[:, :2], face.table[:, 2:4]
    return float(np.median((high - low).prod(axis=1)))


def _off_centre(face: Face, size: tuple[int, int]) -> float:
    """Median distance from the middle of the picture, px."""
    centres = face.table[:, :4].reshape(-1, 2, 2).mean(axis=1)
    return float(np.median(np.linalg.norm(centres - np.array(size) / 2, axis=1)))


def _every_frame(face: Face, looks: NDArray[np.int64], *, times: Array) -> Array:
    """`(T, 6)`: x0, y0, x1, y1, roll, score; lines between looks, then smoothed over time."""
    seen = np.isin(looks, face.seen)
    rows = np.full((len(looks), 6), np.nan)
    rows[seen] = face.table
    rows[seen, 4] = np.unwrap(rows[seen, 4], period=360.0)
    lines = np.column_stack([np.interp(times, times[looks], column) for column in rows.T])
    lines[:, :5] = smoothed(lines[:, :5], times)
    return lines
