"""Link detections over time to tracks of faces, by predicted position.

A face is predicted to continue at its last velocity, so that two people who cross keep their own
tracks. Only position and size count, not appearance: a face that returns elsewhere is a new one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from duchenne.face.crop import Array, grown, overlap
from duchenne.face.detect.base import Detections

_TOLERANCE = 1.5  # factor by which boxes are enlarged before comparison, for quick heads
_OVERLAP = 0.2  # least overlap of the enlarged boxes
_COAST = 0.5  # s for which a face out of sight is predicted to keep moving
_TRUST = 0.5  # weight of the newest step in the moving average of velocity


@dataclass
class Face:
    """The track of one face: its frames and detections in order of time."""

    seen: list[int] = field(default_factory=list)  # frame numbers
    rows: list[Array] = field(default_factory=list)  # x0, y0, x1, y1 px, roll °, score
    time: float = 0.0  # s
    speed: Array = field(default_factory=lambda: np.zeros(2))  # px per s

    @property
    def table(self) -> Array:
        """`(seen, 6)`"""
        return np.array(self.rows)

    def expected(self, time: float) -> Array:
        """The predicted box at `time` s."""
        shift = self.speed * min(time - self.time, _COAST)
        return np.asarray(self.rows[-1][:4] + np.concatenate((shift, shift)))

    def is_recent(self, time: float) -> bool:
        return time - self.time <= _COAST

    def add(self, frame: int, row: Array, *, time: float) -> None:
        if self.rows and self.is_recent(time):
            step = (row[:4] - self.rows[-1][:4]).reshape(2, 2).mean(axis=0) / (time - self.time)
            trust = _TRUST if len(self.rows) > 1 else 1.0
            self.speed = (1 - trust) * self.speed + trust * step
        else:
            self.speed = np.zeros(2)
        self.seen.append(frame)
        self.rows.append(row)
        self.time = time


def track(found: Sequence[Detections | None], times: Sequence[float]) -> list[Face]:
    """Every face of a clip, in order of first appearance. None: frame not searched."""
    faces: list[Face] = []
    for frame, (detections, time) in enumerate(zip(found, times, strict=True)):
        if detections is None:
            continue
        rows = np.column_stack((detections.boxes, detections.rolls, detections.scores))
        partners = _partners(faces, rows, time=time)
        for number, row in enumerate(rows):
            if number not in partners:
                faces.append(Face())
            partners.get(number, faces[-1]).add(frame, row, time=time)
    return faces


def _partners(faces: list[Face], rows: Array, *, time: float) -> dict[int, Face]:
    """Detection number → the face it continues. Recent faces come first, then larger overlaps."""
    free = list(range(len(rows)))
    partners: dict[int, Face] = {}
    for recent in (True, False):
        waiting = [face for face in faces if face.is_recent(time) is recent]
        for _, number, face in _pairs(waiting, rows, free, time=time):
            if number in free and not any(face is taken for taken in partners.values()):
                partners[number] = face
                free.remove(number)
    return partners


def _pairs(
    faces: list[Face], rows: Array, free: Iterable[int], *, time: float
) -> list[tuple[float, int, Face]]:
    pairs = [
        (
            overlap(grown(face.expected(time), _TOLERANCE), grown(rows[number, :4], _TOLERANCE)),
            number,
            face,
        )
        for face in faces
        for number in list(free)
    ]
    return sorted((pair for pair in pairs if pair[0] >= _OVERLAP), key=lambda pair: -pair[0])
