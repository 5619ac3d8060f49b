"""All faces in a picture, each with a box and a roll that suit a mesh.

A detector only proposes places. Each is then looked at twice from close up: the short-range model,
shown the place at the size it was made for, says how sure it is, and the Attention Mesh lays the
box around its points and turns it with the eyes. So a score and a box mean the same with any
detector and at any size of face. Of 352 places proposed in a cartoon's title 3 scored 0.7 or more
that way, 0.76 at most, and of 280 faces in seven clips none less than 0.85; the full-range detector
alone gave up to 0.68 to the title and as little as 0.5 to a face.
"""

from collections.abc import Callable
from math import atan2, degrees
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from duchenne.errors import ParamsError, suggest
from duchenne.face.blaze import BlazeFace
from duchenne.face.boxes import overlap
from duchenne.face.crop import Array, Crop
from duchenne.face.detectors.base import Proposer
from duchenne.face.detectors.dlib import DlibProposer
from duchenne.face.detectors.mediapipe import MediapipeProposer
from duchenne.face.meshes.attention import AttentionMesh
from duchenne.media.jpeg import Pixels

DETECTORS: dict[str, Callable[[], Proposer]] = {
    "mediapipe": MediapipeProposer,
    "dlib": DlibProposer,
}
# Below this nothing is a face. Up to `min_score` a face is followed on, but not begun with.
LEAST = 0.5
_SURE = 0.8
_CLOSE = 2.0  # the short-range model's picture, in sides of the proposed place
_CLOSE_SIDE = 128  # px; what that model takes
# The mesh's box in shares of the short-range model's: medians over 108 faces of seven clips.
_MESH_CENTRE = np.array([[0.492, 0.465]])
_MESH_SIZE = np.array([0.87, 1.04])
_SETTLED = 0.7  # overlap at which another pass of the mesh would change nothing
_PASSES = 3
_KNOWN = 0.4  # overlap of a proposed place with a face that was found, where looking is idle
_SAME = 0.5  # overlap of two boxes around one face
_RIGHT_EYE, _LEFT_EYE = 33, 263  # outer corners, as MediaPipe turns its own crops


class Detections(NamedTuple):
    """The n faces of one picture, the surest first.

    Boxes are x0, y0, x1, y1 px around the mesh's points, in the axes of a face whose `rolls` (°
    clockwise) turn it about the box's centre.
    """

    boxes: Array  # (n, 4) px
    rolls: Array  # (n,) °
    scores: Array  # (n,) 0 to 1


class Detector:
    """Call it with a picture, `(H, W, 3)` BGR; nothing is kept from one to the next."""

    def __init__(self, proposer: Proposer, *, threads: int) -> None:
        self._proposer = proposer
        self._close = BlazeFace("short", min_score=LEAST)
        self._mesh = AttentionMesh(threads=threads)

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """(name, sha256) of every file of weights, each once."""
        parts = (self._proposer, self._close, self._mesh)
        return tuple(sorted({digest for part in parts for digest in part.digests}))

    def __call__(self, frame: Pixels) -> Detections:
        faces: list[tuple[float, Array, float]] = []
        for search in self._proposer.searches:
            for place in search(frame):
                known = any(overlap(place.box, box) > _KNOWN for _, box, _ in faces)
                if not known and (face := self._look(frame, place)):
                    faces.append(face)
            if any(score >= _SURE for score, _, _ in faces):
                break
        return _distinct(faces)

    def _look(self, frame: Pixels, place: Crop) -> tuple[float, Array, float] | None:
        """Score, box and roll of the face at a proposed place."""
        crop = Crop(place.x, place.y, _CLOSE * place.side, place.roll)
        sightings = self._close(crop.cut(frame, _CLOSE_SIDE))
        if not sightings:
            return None
        best = sightings[0]
        seen = Crop(best.x, best.y, best.side, best.roll).to_frame(_MESH_CENTRE)
        [centre] = crop.to_frame(seen / _CLOSE_SIDE)
        half = _MESH_SIZE * best.side * crop.side / _CLOSE_SIDE / 2
        box = np.concatenate((centre - half, centre + half))
        settled = self._settle(frame, box, roll=crop.roll + best.roll)
        return None if settled is None else (best.score, *settled)

    def _settle(self, frame: Pixels, box: Array, *, roll: float) -> tuple[Array, float] | None:
        """Box and roll of the mesh, once it finds itself in the middle of what it was shown."""
        for _ in range(_PASSES):
            points = self._mesh(frame, box, roll=roll).xyz
            if np.isnan(points[0, 0]):
                return None
            before, (box, roll) = box, outline(points)
            if overlap(before, box) > _SETTLED:
                break
        return box, roll


def open_detector(backend: str, *, threads: int = 1) -> Detector:
    """`threads` of the mesh's network; another number may change the last bits."""
    if backend not in DETECTORS:
        raise ParamsError(f"detect.backend: no detector '{backend}'; {suggest(backend, DETECTORS)}")
    return Detector(DETECTORS[backend](), threads=threads)


def outline(xyz: NDArray[np.float32]) -> tuple[Array, float]:
    """Box (x0, y0, x1, y1) px and roll in ° clockwise of a mesh's points, `(478, 3)` px."""
    across, down = (xyz[_LEFT_EYE, :2] - xyz[_RIGHT_EYE, :2]).astype(np.float64)
    roll = degrees(atan2(down, across))
    upright = Crop(0.0, 0.0, 1.0, -roll)
    points = upright.to_frame(xyz[:, :2].astype(np.float64) + 0.5)
    low, high = points.min(axis=0), points.max(axis=0)
    [centre] = Crop(0.0, 0.0, 1.0, roll).to_frame((low + high)[None] / 2 + 0.5)
    return np.concatenate((centre, centre)) + np.concatenate((low - high, high - low)) / 2, roll


def _distinct(faces: list[tuple[float, Array, float]]) -> Detections:
    """Each face once, as where it was seen best."""
    kept: list[tuple[float, Array, float]] = []
    for face in sorted(faces, key=lambda face: -face[0]):
        if all(overlap(face[1], other[1]) < _SAME for other in kept):
            kept.append(face)
    return Detections(
        np.array([box for _, box, _ in kept]).reshape(-1, 4),
        np.array([roll for _, _, roll in kept]),
        np.array([score for score, _, _ in kept]),
    )
