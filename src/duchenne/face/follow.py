"""Which frames of a clip to search for faces, and the box of one chosen face in every frame."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from duchenne.errors import Unusable
from duchenne.face.crop import Array, overlap
from duchenne.face.detect.base import Detections
from duchenne.face.series import smoothed
from duchenne.face.tracks import Face, track
from duchenne.media.jpeg import Pixels

Select = Literal["largest", "center", "first", "error"]

_EARLY = 0.01  # s; tolerance for uneven frame times
_STAYED = 0.7  # least overlap: the face moved by less than a sixth of its width
# A picture of a face keeps its place: the standard deviation of its centre is at most 0.0014 of its
# side in films with noise, that of a person who sits still at least 0.006. A camera that is held by
# hand moves both.
_HANGS, _LIVES = 0.003, 0.006
_LOOKS = 5  # at a face, so many at least, to tell


@dataclass(frozen=True)
class Track:
    """The chosen face in each of T frames, (T,) each, NaN where it is not seen.

    x0, y0, x1, y1 are in px of the detector's pictures; the box is in the axes of the face: `roll`
    degrees clockwise turn it about its centre. `score` is 0 to 1, `n_faces` counts all faces.
    """

    x0: Array
    y0: Array
    x1: Array
    y1: Array
    roll: Array
    score: Array
    n_faces: NDArray[np.int64]


def upside_down(
    pictures: Sequence[Pixels], detector: Callable[[Pixels], Detections], *, min_score: float
) -> bool:
    """Whether most of some pictures, in which no face was found, show one if turned by 180°."""
    found = [detector(np.ascontiguousarray(pixels[::-1, ::-1])).scores for pixels in pictures]
    return 2 * sum(bool((scores >= min_score).any()) for scores in found) > len(found)


def survey(
    pictures: Iterable[tuple[float, Callable[[], Pixels]]],
    detector: Callable[[Pixels], Detections],
    *,
    every: float,
    min_score: float,
) -> list[Detections | None]:
    """Run the detector on one picture in `every` s, and on all between two results that differ.

    Each picture is its time in s and a function that reads it, so that pictures without detection
    are never decoded; their result is None. If the faces stayed in place between two results,
    interpolation is as good as detection; not if one appeared, vanished or moved far. Only faces
    that reach `min_score` count in that comparison.

    Compared with a search in every frame, one every 0.2 s moves landmarks by 0.09–0.16 % of the
    inter-ocular distance, every 0.4 s by 0.14–0.38 %, each second by up to 0.52 %.
    """
    found: list[Detections | None] = []
    waiting: list[Callable[[], Pixels]] = []
    last: tuple[float, Detections] | None = None

    def look(read: Callable[[], Pixels], time: float) -> None:
        nonlocal last
        now = detector(read())
        moved = last is not None and not _alike(last[1], now, min_score=min_score)
        found.extend(detector(passed()) if moved else None for passed in waiting)
        found.append(now)
        waiting.clear()
        last = (time, now)

    time = 0.0
    for time, read in pictures:
        if last is None or time >= last[0] + every - _EARLY:
            look(read, time)
        else:
            waiting.append(read)
    if waiting:
        look(waiting.pop(), time)
    return found


def follow(
    found: Sequence[Detections | None],
    times: ArrayLike,
    *,
    size: tuple[int, int],
    select: Select,
    min_score: float,
) -> Track:
    """The track of one face, from the detections of each frame (None: not searched) at (T,) s.

    `size` is the width and height of the pictures in px. A face counts if its median score reaches
    `min_score`, since text and clouds may reach it in single frames. Raises Unusable: no_face; or
    several_faces, if `select` is "error" and two faces are seen together in two of the searched
    frames or more (or in the only one).
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


def _alike(before: Detections, now: Detections, *, min_score: float) -> bool:
    """Whether every face with `min_score` in either result overlaps with a face in the other."""

    def stayed(faces: Detections, others: Detections) -> bool:
        sure = faces.boxes[faces.scores >= min_score]
        return all(any(overlap(a, b) > _STAYED for b in others.boxes) for a in sure)

    return stayed(before, now) and stayed(now, before)


def _check_single(counts: NDArray[np.int64]) -> None:
    """Raise `several_faces`; a second face in a single frame may be the detector's mistake."""
    together = int((counts > 1).sum())
    if together >= min(2, len(counts)):
        detail = (
            f"{counts.max()} faces are seen together, at {together} of {len(counts)} looks; "
            "cut the clip to one person, or set detect.select to largest, center or first"
        )
        raise Unusable("several_faces", detail)


def _choose(faces: list[Face], *, select: Select, size: tuple[int, int]) -> Face:
    """The face to follow; faces seen less than half as often as the most seen one are left out."""
    most = max(len(face.seen) for face in faces)
    lasting = [face for face in faces if 2 * len(face.seen) >= most]
    if select == "largest":
        lasting = _living(lasting)
    order: dict[Select, Callable[[Face], tuple[float, ...]]] = {
        "largest": lambda face: (-_area(face),),
        "center": lambda face: (_off_centre(face, size), -_area(face)),
        "first": lambda face: (face.seen[0], -_area(face)),
        "error": lambda face: (-len(face.seen), -_area(face)),
    }
    return min(lasting, key=order[select])


def _living(faces: list[Face]) -> list[Face]:
    """The faces without those that never move while another one does: portraits on the wall."""
    moves = np.array([_movement(face) for face in faces])
    lives = (np.isfinite(moves) & (moves >= _LIVES)).any()
    hung = (moves < _HANGS) & lives
    return [face for face, hangs in zip(faces, hung.tolist(), strict=True) if not hangs]


def _movement(face: Face) -> float:
    """Standard deviation of the centre over time, in sides of the box; endless if it was seen too
    seldom to tell."""
    if len(face.seen) < _LOOKS:
        return float("inf")
    centres = face.table[:, :4].reshape(-1, 2, 2).mean(axis=1)
    return float(np.sqrt(centres.var(axis=0).sum() / _area(face)))


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
    """`(T, 6)`: x0, y0, x1, y1, roll, score; interpolated linearly, then smoothed over time."""
    seen = np.isin(looks, face.seen)
    rows = np.full((len(looks), 6), np.nan)
    rows[seen] = face.table
    rows[seen, 4] = np.unwrap(rows[seen, 4], period=360.0)
    lines = np.column_stack([np.interp(times, times[looks], column) for column in rows.T])
    lines[:, :5] = smoothed(lines[:, :5], times)
    return lines
