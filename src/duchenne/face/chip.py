"""Chips: small square pictures of a face, aligned to be upright, in one place and of one size.

They are aligned by points that a smile does not move, so that in a sequence of chips the face moves
and the head does not. Crops are not smoothed over time: a chip of 224 px jitters by 0.03 to 0.3 px,
and smoothing would displace a nodding head by more (docs/decisions.md).
"""

from math import ceil
from typing import cast

import numpy as np
import numpy.typing as npt

from duchenne.face import similarity
from duchenne.face.crop import Crop
from duchenne.face.pose import pose_of
from duchenne.face.similarity import Array, Similarity
from duchenne.face.topology import Topology
from duchenne.media.jpeg import Pixels

# Width of a chip and distance of its middle below the eyes, in distances between the eye centres.
# Faces of the demo and of real clips reach from 0.95 above the eyes, where the mesh ends on the
# forehead, to 2.1 below them, and 1.3 to each side.
WIDE, BELOW = 3.2, 0.55
# Chip width / box width, for chips from a detector's box: on the same clips mediapipe's box is 2.4
# to 2.9 wide and its middle 0.5 below the eyes.
MARGIN = WIDE / 2.6

_EYES = np.array([[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0]])


def aligned(xyz: Array, *, topology: Topology) -> list[Crop]:
    """The crop of each of T frames, from landmarks (T, N, 3) px; without landmarks it is not real.

    Roll and position come from the in-plane similarity transform that fits the frame's rigid points
    to their median over the clip (aligned by the eyes). The size comes from the rigid points in 3D:
    in the plane, a head that turns aside would seem to grow, as its eyes come closer together.
    """
    right, left = topology.eye_centres(xyz.astype(np.float64))
    rigid = xyz[:, topology.rigid].astype(np.float64)
    upright = similarity.fit(_flat(np.stack((right, left), axis=1)), _EYES, flat=True)
    held = upright.apply(_flat(rigid))
    known = np.isfinite(held).all(axis=(1, 2))
    if not known.any():
        return [_NO_CROP] * len(xyz)
    placed = similarity.fit(_flat(rigid), np.median(held[known], axis=0), flat=True)
    unit = _unit(rigid, np.linalg.norm(left - right, axis=-1), known)
    back = Similarity(np.swapaxes(placed.rotation, 1, 2), unit, placed.target, placed.centre)
    middle = back.apply(np.full((len(xyz), 1, 3), (0.0, BELOW, 0.0)))[:, 0]
    columns = (middle[:, 0], middle[:, 1], WIDE * unit, pose_of(placed.rotation).roll)
    return [Crop(*values) for values in np.column_stack(columns).tolist()]


def boxed(box: Array, *, roll: float) -> Crop:
    """The crop around a detector's box x0, y0, x1, y1 px, turned clockwise by `roll` degrees."""
    return Crop.around(box, margin=MARGIN, roll=roll)


def whole(width: int, height: int) -> Crop:
    """The largest square in the middle of a picture."""
    return Crop(width / 2, height / 2, min(width, height))


def cut(picture: Pixels, crop: Crop, *, side: int, channels: int) -> Pixels:
    """`(H, W, 3)` BGR → `(side, side, channels)` RGB or grey; area-averaged if it shrinks."""
    import cv2

    # Rounded up: sampling at steps of 1.25 to 1.5 px aliases fine texture, which flickers.
    fine = max(1, ceil(crop.side / side))
    chip = crop.cut(picture, side * fine)
    if fine > 1:
        chip = cast(Pixels, cv2.resize(chip, (side, side), interpolation=cv2.INTER_AREA))
    colour = cv2.COLOR_BGR2GRAY if channels == 1 else cv2.COLOR_BGR2RGB
    return cast(Pixels, cv2.cvtColor(chip, colour).reshape(side, side, channels))


def shares(points: Array, crop: Crop) -> Array:
    """Points `(N, 2)` px → fractions of the chip, 0 to 1 inside it; the inverse of
    `Crop.to_frame`."""
    turn = np.radians(crop.roll)
    across = np.array([np.cos(turn), np.sin(turn)])
    down = np.array([-np.sin(turn), np.cos(turn)])
    away = (points - (crop.x, crop.y)) / crop.side
    return np.column_stack((away @ across, away @ down)) + 0.5


def _unit(rigid: Array, eyes: Array, known: npt.NDArray[np.bool_]) -> Array:
    """The inter-ocular distance in px (T,), estimated by the spread of the rigid points in 3D. It
    varies less with noise and blinks than `eyes` (T,), the distance measured in each frame."""
    spread = np.linalg.norm(rigid - rigid.mean(axis=1, keepdims=True), axis=(1, 2))
    return np.asarray(spread * np.median(eyes[known] / spread[known]))


def _flat(points: Array) -> Array:
    return points * (1.0, 1.0, 0.0)


_NO_CROP = Crop(np.nan, np.nan, np.nan)
