"""A chip: a small square picture of a face, upright, in one place and of one size.

Points that a smile does not move say where it lies, so that in a row of chips the face moves and
not the head. Nothing is smoothed over time: of 224 px a chip trembles by 0.03 to 0.3, and smoothing
would drag a nodding head out of its place by more (docs/decisions.md).
"""

from math import ceil
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from duchenne.face import similarity
from duchenne.face.crop import Crop
from duchenne.face.pose import pose_of
from duchenne.face.similarity import Similarity
from duchenne.face.topology import Topology
from duchenne.media.jpeg import Pixels

Array = npt.NDArray[np.floating[Any]]

# In distances between the eye centres: how wide a chip is, and how far below the eyes its middle
# is. Faces of the demo and of real clips reach from 0.95 above the eyes, where the mesh ends on the
# forehead, to 2.1 below them and 1.3 to each side.
WIDE, BELOW = 3.2, 0.55
# From a detector's box to a chip like those of landmarks: on the same clips mediapipe's box is 2.4
# to 2.9 wide and its middle 0.5 below the eyes.
MARGIN = WIDE / 2.6

_EYES = np.array([[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0]])


def aligned(xyz: Array, *, topology: Topology) -> list[Crop]:
    """Where the chip of each of T frames lies, by landmarks (T, N, 3) px; where there are none the
    crop is not real.

    Turn and place are those by which the frame's rigid points lie best, in the picture's plane, on
    their median over the clip, held by the eyes. The size is theirs in space: in the plane a head
    that turns aside would seem to grow, since its eyes come closer to each other.
    """
    right, left = topology.eye_centres(xyz.astype(np.float64))
    rigid = xyz[:, topology.rigid].astype(np.float64)
    upright = similarity.fit(_flat(np.stack((right, left), axis=1)), _EYES, flat=True)
    held = upright.apply(_flat(rigid))
    known = np.isfinite(held).all(axis=(1, 2))
    if not known.any():
        return [_NOWHERE] * len(xyz)
    placed = similarity.fit(_flat(rigid), np.median(held[known], axis=0), flat=True)
    unit = _unit(rigid, np.linalg.norm(left - right, axis=-1), known)
    back = Similarity(np.swapaxes(placed.rotation, 1, 2), unit, placed.target, placed.centre)
    middle = back.apply(np.full((len(xyz), 1, 3), (0.0, BELOW, 0.0)))[:, 0]
    columns = (middle[:, 0], middle[:, 1], WIDE * unit, pose_of(placed.rotation).roll)
    return [Crop(*values) for values in np.column_stack(columns).tolist()]


def boxed(box: Array, *, roll: float) -> Crop:
    """The chip around a detector's box x0, y0, x1, y1 px, which `roll` ° turn."""
    return Crop.around(box, margin=MARGIN, roll=roll)


def whole(width: int, height: int) -> Crop:
    """The largest square in the middle of a picture."""
    return Crop(width / 2, height / 2, min(width, height))


def cut(picture: Pixels, crop: Crop, *, side: int, channels: int) -> Pixels:
    """`(H, W, 3)` BGR → `(side, side, channels)` RGB or grey, averaged where it shrinks."""
    import cv2

    # Rounded up: at steps of 1.25 to 1.5 px fine texture folds into the chip and flickers.
    fine = max(1, ceil(crop.side / side))
    chip = crop.cut(picture, side * fine)
    if fine > 1:
        chip = cast(Pixels, cv2.resize(chip, (side, side), interpolation=cv2.INTER_AREA))
    colour = cv2.COLOR_BGR2GRAY if channels == 1 else cv2.COLOR_BGR2RGB
    return cast(Pixels, cv2.cvtColor(chip, colour).reshape(side, side, channels))


def shares(points: Array, crop: Crop) -> Array:
    """`(N, 2)` px of the picture → shares of the chip, 0 to 1 inside it; `Crop.to_frame` undone."""
    turn = np.radians(crop.roll)
    across = np.array([np.cos(turn), np.sin(turn)])
    down = np.array([-np.sin(turn), np.cos(turn)])
    away = (points - (crop.x, crop.y)) / crop.side
    return np.column_stack((away @ across, away @ down)) + 0.5


def _unit(rigid: Array, eyes: Array, known: npt.NDArray[np.bool_]) -> Array:
    """Px per distance between the eyes (T,), by the spread of the rigid points in space, which
    trembles and blinks less than `eyes` (T,), their distance in each frame."""
    spread = np.linalg.norm(rigid - rigid.mean(axis=1, keepdims=True), axis=(1, 2))
    return np.asarray(spread * np.median(eyes[known] / spread[known]))


def _flat(points: Array) -> Array:
    return points * (1.0, 1.0, 0.0)


_NOWHERE = Crop(np.nan, np.nan, np.nan)
