"""A subject ready for rendering: texture with relaxed mouth, displacement fields and eyes."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from duchenne.datasets.demo import fields, lids, portrait
from duchenne.datasets.demo.portrait import FaceAxes, Image, Points, rounded
from duchenne.datasets.demo.subjects import Look, Shape, reshape

# The portrait smiles; its mouth is relaxed by this much of the lip drive.
RELAX = 0.75
# Texture pixels per portrait pixel, so that bilinear interpolation is enough to enlarge.
DETAIL = 2
# Centre and side of the square that a frame shows, and side of the one that can move, px.
CENTRE = (224.0, 132.0)
SHOWN = 200
MOVING = 168
# Distance between nodes at which the shape of a face is solved, px.
_COARSE = 4


class Part(NamedTuple):
    """A square of the portrait, px; its values are multiples of the distance between nodes."""

    left: int
    top: int
    side: int


WHOLE = Part(0, 0, portrait.SIDE)
# Enough for all planned clips: it reaches 112 px from the centre, their cameras look 107 px far.
NEAR = Part(112, 20, 224)


@dataclass(frozen=True, eq=False)
class Sitter:
    """A subject: `texture` (2 · side, 2 · side, 3) BGR of `part`, and mesh points (478, 2) px."""

    texture: Image
    part: Part
    points: Points
    fields: fields.Fields
    eyes: tuple[lids.Eye, lids.Eye]


def sit(look: Look, *, reach: float) -> Sitter:
    """The subject with a look, with texture up to `reach` px from CENTRE at least."""
    return _made(look, NEAR if reach <= NEAR.side / 2 - 1 else WHOLE)


@lru_cache(maxsize=4)
def _made(look: Look, part: Part) -> Sitter:
    points, texture = _shaped(look.shape, part)
    corner = (int(CENTRE[0]) - MOVING // 2, int(CENTRE[1]) - MOVING // 2)
    solved = fields.solve(points, corner=corner, side=MOVING)
    return Sitter(_coloured(texture, look, part), part, points, solved, lids.eyes(points))


def _shaped(shape: Shape, part: Part) -> tuple[Points, Image]:
    """Mesh points and texture of the portrait with a face shape and a relaxed mouth."""
    old = portrait.landmarks()
    axes = FaceAxes.from_mesh(old)
    new = axes.to_picture(reshape(axes.to_face(old), shape))
    new = new - RELAX * fields.mouth_displacement(new)
    back = _backward(new, old, part)
    texture = cv2.remap(portrait.image(), back[..., 0], back[..., 1], cv2.INTER_CUBIC)
    return new, np.asarray(texture, dtype=np.uint8)


def _backward(new: Points, old: Points, part: Part) -> NDArray[np.float32]:
    """The source in the portrait of each texture pixel, (2 · side, 2 · side, 2) px."""
    still = _surroundings()
    spline = RBFInterpolator(
        np.vstack((new, still)),
        np.vstack((old - new, np.zeros_like(still))),
        kernel="thin_plate_spline",
        smoothing=0.1,  # mesh points of the lips are so close that small errors would fold the map
    )
    nodes = [_nodes(first, part.side) for first in (part.left, part.top)]
    xy = np.stack(np.meshgrid(*nodes), axis=-1)
    plane = rounded(spline(xy.reshape(-1, 2)), 5).reshape(xy.shape).astype(np.float32)
    x, y = np.meshgrid(*(_pixels(first, part.side) for first in (part.left, part.top)))
    at = [(along - one[0]) / _COARSE for along, one in zip((x, y), nodes, strict=True)]
    fine = cv2.remap(plane, at[0], at[1], cv2.INTER_CUBIC)
    return np.asarray(np.stack((x, y), axis=-1) + fine, dtype=np.float32)


def _nodes(first: int, side: int) -> NDArray[np.float32]:
    """Nodes along a side, px, with two more beyond each end for cubic interpolation."""
    beyond = 2 * _COARSE
    last = min(first + side + beyond, portrait.SIDE)
    return np.arange(max(first - beyond, 0), last + 1, _COARSE, dtype=np.float32)


def _pixels(first: int, side: int) -> NDArray[np.float32]:
    """Positions of texture pixels along a side, in px of the portrait."""
    return first + (np.arange(side * DETAIL, dtype=np.float32) + 0.5) / DETAIL - 0.5


def _surroundings() -> Points:
    """Points around the head, (N, 2) px, that no face shape moves."""
    turn = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    ring = np.column_stack((np.cos(turn), np.sin(turn))) * (95.0, 105.0) + CENTRE
    edge = np.linspace(0.0, portrait.SIDE, 5)
    square = np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)
    far = np.abs(square - CENTRE).max(axis=1) > 110.0
    return rounded(np.vstack((ring, square[far])))


def _coloured(texture: Image, look: Look, part: Part) -> Image:
    """Apply saturation, gamma, colour of the light and its gradient across the frame."""
    total = texture.sum(axis=2, dtype=np.uint32)
    lit = 255.0 * _tones(look)[total[..., None] * 256 + texture]
    lit *= np.array(look.gain_bgr)
    at = (np.arange(len(texture)) + 0.5) / DETAIL
    across = look.light_right * (part.left + at - CENTRE[0]) / SHOWN
    down = look.light_down * (part.top + at - CENTRE[1]) / SHOWN
    light = np.clip(1.0 + across[None, :] + down[:, None], 0.4, 1.6)
    lit *= light[..., None]
    return np.asarray(np.clip(lit, 0.0, 255.0), dtype=np.uint8)


def _tones(look: Look) -> NDArray[np.float64]:
    """Table of a channel's value after saturation and gamma.

    The index is 256 · (sum of the pixel's channels) + channel. The table has fewer entries than a
    texture has values, so fewer powers are computed.
    """
    grey, own = np.arange(3 * 255 + 1)[:, None] / 765.0, np.arange(256) / 255.0
    mixed = np.clip(grey + look.saturation * (own - grey), 0.0, 1.0)
    return rounded(mixed**look.gamma).ravel()
