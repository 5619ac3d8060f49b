"""Pictures of people: the demo's portrait, alone in a frame or several in a scene."""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from duchenne.datasets.demo import View, plan, render
from duchenne.face.detect.base import Detections
from duchenne.face.detect.detector import Detector, open_detector
from duchenne.face.mesh.base import Mesher
from duchenne.face.mesh.open import open_mesh

Pixels = NDArray[np.uint8]
Array = NDArray[np.float64]

PAIRS = ((33, 263), (133, 362), (61, 291), (159, 386), (50, 280), (1, 1), (152, 152))


@cache
def sitter(view: View | None = None, size: int = 320, *, time: float = 1.0) -> Pixels:
    """A frame of the demo at `time` s, `(size, size, 3)` BGR."""
    [clip, _] = plan(seed=0, subjects=1, clips_per_subject=2, size=size)
    [frame] = render(clip, times=[time], view=view)
    return frame


def scene(
    faces: Sequence[tuple[float, float, int]], *, size: tuple[int, int] = (640, 360)
) -> Pixels:
    """A picture with a portrait for each (x, y, width) px, the last in front."""
    width, height = size
    picture = np.full((height, width, 3), 120, np.uint8)
    for x, y, side in faces:
        tile = cv2.resize(sitter(), (side, side), interpolation=cv2.INTER_AREA)
        left, top = round(x - side / 2), round(y - side / 2)
        shown = picture[max(top, 0) : top + side, max(left, 0) : left + side]
        shown[:] = tile[max(-top, 0) :, max(-left, 0) :][: shown.shape[0], : shown.shape[1]]
    return picture


@cache
def detector() -> Detector:
    return open_detector("mediapipe")


@cache
def mesher() -> Mesher:
    return open_mesh("attention-mesh")


def only(faces: Detections) -> tuple[Array, float]:
    """Box and roll of the single face."""
    [box], [roll] = faces.boxes, faces.rolls
    return box, float(roll)


def points(frame: Pixels) -> Array:
    """`(478, 3)` px of the single face in a picture."""
    box, roll = only(detector()(frame))
    return mesher()(frame, box, roll=roll).xyz.astype(np.float64)


def unit(xyz: Array) -> float:
    """Distance of the eye centres, px."""
    eyes = xyz[[33, 133, 362, 263], :2].reshape(2, 2, 2).mean(axis=1)
    return float(np.linalg.norm(eyes[1] - eyes[0]))
