"""A subject ready to be filmed: the portrait in its looks, mouth relaxed, fields solved."""

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

# The portrait smiles; this much of the lip drive is taken away to relax its mouth.
RELAX = 0.75
# Texture pixels per portrait pixel, so that enlarging stays a plain bilinear look-up.
DETAIL = 2
# The square of the portrait that a frame shows, and the one inside which the face can move. px
CENTRE = (224.0, 132.0)
SHOWN = 200
MOVING = 168
# Px between two nodes at which a face's shape is solved.
_COARSE = 4


class Part(NamedTuple):
    """A square of the portrait, in px; all three are multiples of the distance between nodes."""

    left: int
    top: int
    side: int


WHOLE = Part(0, 0, portrait.SIDE)
# Nobody who sits still leaves it: it reaches 112 px to all sides, the cameras of ours look 107 far.
NEAR = Part(112, 20, 224)


@dataclass(frozen=True, eq=False)
class Sitter:
    """`texture` (2 · side, 2 · side, 3) BGR of a part, mesh points (478, 2) px, fields and eyes."""

    texture: Image
    part: Part
    points: Points
    fields: fields.Fields
    eyes: tuple[lids.Eye, lids.Eye]


def sit(look: Look, *, reach: float) -> Sitter:
    """With as much of the portrait as is seen up to `reach` px from the centre."""
    return _made(look, NEAR if reach <= NEAR.side / 2 - 1 else WHOLE)


@lru_cache(maxsize=4)
def _made(look: Look, part: Part) -> Sitter:
    points, texture = _shaped(look.shape, part)
    corner = (int(CENTRE[0]) - MOVING // 2, int(CENTRE[1]) - MOVING // 2)
    solved = fields.solve(points, corner=corner, side=MOVING)
    return Sitter(_coloured(texture, look, part), part, points, solved, lids.eyes(points))


def _shaped(shape: Shape, part: Part) -> tuple[Points, Image]:
    """Mesh points and picture of the portrait with another face shape and a relaxed mouth."""
    old = portrait.landmarks()
    axes = FaceAxes.of(old)
    new = axes.to_picture(reshape(axes.to_face(old), shape))
    new = new - RELAX * fields.mouth_displacement(new)
    back = _backward(new, old, part)
    texture = cv2.remap(portrait.image(), back[..., 0], back[..., 1], cv2.INTER_CUBIC)
    return new, np.asarray(texture, dtype=np.uint8)


def _backward(new: Points, old: Points, part: Part) -> NDArray[np.float32]:
    """For every texture pixel, where in the portrait it comes from: (2 · side, 2 · side, 2) px."""
    still = _surroundings()
    spline = RBFInterpolator(
        np.vstack((new, still)),
        np.vstack((old - new, np.zeros_like(still))),
        kernel="thin_plate_spline",
        smoothing=0.1,  # the mesh points of lips lie so close that small errors would fold them
    )
    nodes = [_nodes(first, part.side) for first in (part.left, part.top)]
    xy = np.stack(np.meshgrid(*nodes), axis=-1)
    plane = rounded(spline(xy.reshape(-1, 2)), 5).reshape(xy.shape).astype(np.float32)
    x, y = np.meshgrid(*(_pixels(first, part.side) for first in (part.left, part.top)))
    at = [(along - one[0]) / _COARSE for along, one in zip((x, y), nodes, strict=True)]
    fine = cv2.remap(plane, at[0], at[1], cv2.INTER_CUBIC)
    return np.asarray(np.stack((x, y), axis=-1) + fine, dtype=np.float32)


def _nodes(first: int, side: int) -> NDArray[np.float32]:
    """Nodes along a side, and the two beyond each of its ends that a cubic look-up may need. px"""
    beyond = 2 * _COARSE
    last = min(first + side + beyond, portrait.SIDE)
    return np.arange(max(first - beyond, 0), last + 1, _COARSE, dtype=np.float32)


def _pixels(first: int, side: int) -> NDArray[np.float32]:
    """Where texture pixels lie along a side, in px of the portrait."""
    return first + (np.arange(side * DETAIL, dtype=np.float32) + 0.5) / DETAIL - 0.5


def _surroundings() -> Points:
    """Points round the head that no face shape moves, (N, 2) px."""
    turn = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    ring = np.column_stack((np.cos(turn), np.sin(turn))) * (95.0, 105.0) + CENTRE
    edge = np.linspace(0.0, portrait.SIDE, 5)
    square = np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)
    far = np.abs(square - CENTRE).max(axis=1) > 110.0
    return rounded(np.vstack((ring, square[far])))


def _coloured(texture: Image, look: Look, part: Part) -> Image:
    """Saturation, colour of the light, its fall across the frame, and the camera's gamma."""
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
    """What saturation and gamma make of a channel, by the pixel's sum · 256 + the channel: fewer
    powers than a texture has values."""
    grey, own = np.arange(3 * 255 + 1)[:, None] / 765.0, np.arange(256) / 255.0
    mixed = np.clip(grey + look.saturation * (own - grey), 0.0, 1.0)
    return rounded(mixed**look.gamma).ravel()
