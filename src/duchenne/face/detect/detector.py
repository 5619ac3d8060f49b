"""Detect all faces in a picture, each with the box and roll that a mesh needs.

The chosen detector only proposes places. The short-range BlazeFace then scores each place, scaled
to the size that model was trained for, and the Attention Mesh gives the box around its points and
the roll of the eye line. So scores and boxes mean the same for every detector and size of face.
Of 352 places proposed in the title of a cartoon, 3 scored 0.7 or more (0.76 at most); of 280 faces
in seven clips none scored below 0.85. The full-range detector alone gave up to 0.68 to the title
and as little as 0.5 to a face.
"""

from collections.abc import Callable
from math import atan2, degrees

import numpy as np
from numpy.typing import NDArray

from duchenne.errors import ParamsError, suggest
from duchenne.face.crop import Array, Crop, overlap
from duchenne.face.detect.base import Detections, Proposer
from duchenne.face.detect.dlib import DlibProposer
from duchenne.face.detect.mediapipe import BlazeFace, MediapipeProposer
from duchenne.face.mesh.attention import AttentionMesh
from duchenne.media.jpeg import Pixels

DETECTORS: dict[str, Callable[[], Proposer]] = {
    "mediapipe": MediapipeProposer,
    "dlib": DlibProposer,
}
# Lowest score of a face; between this and `min_score` a known face is still tracked.
LEAST = 0.5
_SURE = 0.8
_CLOSE = 2.0  # the short-range model's picture, in sides of the proposed place
_CLOSE_SIDE = 128  # px; what that model takes
# The mesh's box in shares of the short-range model's: medians over 108 faces of seven clips.
_MESH_CENTRE = np.array([[0.492, 0.465]])
_MESH_SIZE = np.array([0.87, 1.04])
_SETTLED = 0.7  # overlap with the box before at which the mesh is not run again
_PASSES = 3
_KNOWN = 0.4  # overlap with a face already found at which a proposed place is skipped
_SAME = 0.5  # overlap of two boxes around one face
_RIGHT_EYE, _LEFT_EYE = 33, 263  # outer corners, which MediaPipe takes the roll from


class Detector:
    """Call it with a picture, `(H, W, 3)` BGR. It keeps no state between pictures."""

    def __init__(self, proposer: Proposer, *, threads: int) -> None:
        self._proposer = proposer
        self._close = BlazeFace("short", min_score=LEAST)
        self._mesh = AttentionMesh(threads=threads)

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """(name, sha256) of every file of weights, without repeats."""
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
        """Box and roll of the mesh, which is run again on its own box until the box settles."""
        for _ in range(_PASSES):
            points = self._mesh(frame, box, roll=roll).xyz
            if np.isnan(points[0, 0]):
                return None
            before, (box, roll) = box, outline(points)
            if overlap(before, box) > _SETTLED:
                break
        return box, roll


def open_detector(backend: str, *, threads: int = 1) -> Detector:
    """`threads` are those of the mesh's network; another number may change the last bits."""
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
    """Non-maximum suppression: of overlapping faces the one with the highest score."""
    kept: list[tuple[float, Array, float]] = []
    for face in sorted(faces, key=lambda face: -face[0]):
        if all(overlap(face[1], other[1]) < _SAME for other in kept):
            kept.append(face)
    return Detections(
        np.array([box for _, box, _ in kept]).reshape(-1, 4),
        np.array([roll for _, _, roll in kept]),
        np.array([score for score, _, _ in kept]),
    )
