"""Similarity transforms (shift, rotation, scale) that fit one set of points to another, per frame.

Least squares in closed form: Umeyama 1991 in 3D, one complex number in the plane.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

# Collinear points leave the rotation undetermined: their second singular value is below this share
# of the first. Landmarks of any face are far above it, rounding to float32 far below.
_LINE = 1e-6
# Frames transformed at a time, so that temporaries stay in the cache and memory small.
_BLOCK = 64


@dataclass(frozen=True)
class Similarity:
    """`scale · rotation @ (point - centre) + target` in each frame; NaN if there is no fit.

    rotation (T, 3, 3), scale (T,), centre (T, 3), target (T, 3).
    """

    rotation: Array
    scale: Array
    centre: Array
    target: Array

    def apply(self, points: Array) -> Array:
        """(T, N, 3) → (T, N, 3), of the same dtype."""
        kind = points.dtype
        turn = np.swapaxes(self.rotation * self.scale[:, None, None], 1, 2).astype(kind)
        centre, target = self.centre[:, None].astype(kind), self.target[:, None].astype(kind)
        out = np.empty_like(points)
        for first in range(0, len(points), _BLOCK):
            block = slice(first, first + _BLOCK)
            out[block] = (points[block] - centre[block]) @ turn[block] + target[block]
        return out


def fit(points: Array, target: Array, *, flat: bool) -> Similarity:
    """The transforms that fit points (T, K, 3) to a target (T, K, 3) or (K, 3), without mirroring.

    With `flat` they rotate within the picture's plane only.
    """
    wide, aim = points.astype(np.float64), np.broadcast_to(target, points.shape)
    centre, goal = wide.mean(axis=1), aim.mean(axis=1)
    moved = wide - centre[:, None]
    product = np.swapaxes(aim - goal[:, None], 1, 2) @ moved
    product = np.where(np.isfinite(product), product, 0.0)  # svd fails on NaN; the scale stays NaN
    rotation, stretch = _in_plane(product) if flat else _in_space(product)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = stretch / np.square(moved).sum(axis=(1, 2))
    return Similarity(rotation, np.where(scale > 0.0, scale, np.nan), centre, goal)


def _in_space(product: Array) -> tuple[Array, Array]:
    """Rotations (T, 3, 3), and the traces (T,) of their products with the covariances `product`."""
    left, sizes, right = np.linalg.svd(product)
    sign = np.ones_like(sizes)
    sign[:, 2] = np.linalg.det(left @ right)  # -1 if a reflection would fit better
    rotation = (left * sign[:, None]) @ right
    trace = (sizes * sign).sum(axis=1)
    undecided = sizes[:, 1] <= _LINE * sizes[:, 0]
    rotation[undecided], trace[undecided] = np.nan, np.nan
    return rotation, trace


def _in_plane(product: Array) -> tuple[Array, Array]:
    """As `_in_space`, for rotations about z."""
    cosine = product[:, 0, 0] + product[:, 1, 1]
    sine = product[:, 1, 0] - product[:, 0, 1]
    size = np.hypot(cosine, sine)
    rotation = np.zeros_like(product)
    rotation[:, 0, 0] = rotation[:, 1, 1] = cosine
    rotation[:, 1, 0], rotation[:, 0, 1] = sine, -sine
    rotation[:, 2, 2] = size
    with np.errstate(invalid="ignore"):
        return rotation / size[:, None, None], size
