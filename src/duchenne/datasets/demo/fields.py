"""Displacement fields of a face for one unit of each drive, by thin-plate splines.

The fields are solved once for each subject from the displacement of a few mesh points. A frame is
a weighted sum of fields. Each side of the face has its own fields, for asymmetric smiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from duchenne.datasets.demo.portrait import FaceAxes, Points, rounded

Grid = NDArray[np.float32]

# Mesh points by region: left half of the picture (the subject's right), then right half.
CORNERS = (61, 291)
OUTER_LIPS = (
    (185, 40, 39, 37, 146, 91, 181, 84),
    (409, 270, 269, 267, 375, 321, 405, 314),
)
INNER_LIPS = (
    (78, 191, 80, 81, 82, 95, 88, 178, 87),
    (308, 415, 310, 311, 312, 324, 318, 402, 317),
)
MID_LIPS = (0, 17, 13, 14)
CHEEKS = ((50, 101, 118, 117, 123, 205), (280, 330, 347, 346, 352, 425))
CONTOUR = ((234, 93, 132, 58), (454, 323, 361, 288))
EYES = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 7, 163, 144, 145, 153, 154, 155),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 249, 390, 373, 374, 380, 381, 382),
)
OVAL = (  # of the face, without CONTOUR
    *(10, 338, 297, 332, 284, 251, 389, 356, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 127, 162, 21, 54, 103, 67, 109),
)
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
MIDLINE = (9, 8, 168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 199, 175)
STILL = (*EYES[0], *EYES[1], *OVAL, *BROWS, *MIDLINE)

# Full excursions, in distances between the outer eye corners. Our choice: at drive 1 the mouth is
# about a quarter wider than at rest, which is enough pixels for the mesh to follow.
CORNER_OUT, CORNER_UP = 0.085, 0.075
# The mesh cannot locate points on smooth skin; it follows the cheeks by the contour of the face, so
# the contour moves too. (Cheek points 50 and 280: median r 0.99; 0.89 without the contour.)
CHEEK_OUT, CHEEK_UP = 0.07, 0.05
CONTOUR_OUT, CONTOUR_UP = 0.08, 0.02

SIDES = 2  # left half of the picture first


@dataclass(frozen=True)
class Fields:
    """Displacements in px for one unit of each drive, on a grid with a node at each portrait pixel.

    `unit` is (K, H, W, 2). Those of the demo are four: lips on the picture's left and right, cheeks
    on the left and right.
    `corner` is the position (x, y) of the grid's first node in the portrait, px.
    """

    unit: Grid
    corner: tuple[int, int]

    def backward(self, drives: Sequence[float]) -> Grid:
        """The inverse displacement (H, W, 2) px: the source of each grid node minus the node.

        The fields map a point to its target, and rendering needs the inverse. Three fixed-point
        iterations reach an error of a few hundredths of a pixel.
        """
        weights = np.asarray(drives, dtype=np.float32)
        forward = np.asarray(sum(w * unit for w, unit in zip(weights, self.unit, strict=True)))
        rows, columns = np.indices(forward.shape[:2], dtype=np.float32)
        back = -forward
        for _ in range(3):
            at = (columns + back[..., 0], rows + back[..., 1])
            back = -np.asarray(cv2.remap(forward, *at, cv2.INTER_LINEAR), dtype=np.float32)
        return back


def solve(points: Points, *, corner: tuple[int, int], side: int) -> Fields:
    """Solve the fields of a face with mesh points (478, 2) px, on a square grid of `side` px."""
    return Fields(spread(*_controls(points), corner=corner, side=side), corner)


def spread(centres: Points, values: Points, *, corner: tuple[int, int], side: int) -> Grid:
    """Fields (K, side, side, 2) from displacements (N, 2K) px of N points, zero at the edge."""
    frame = _edge(corner, side)
    spline = RBFInterpolator(
        np.vstack((centres, frame)),
        np.vstack((values, np.zeros((len(frame), values.shape[1])))),
        kernel="thin_plate_spline",
    )
    coarse = np.arange(0, side + 1, 4, dtype=np.float64)
    xy = np.stack(np.meshgrid(coarse + corner[0], coarse + corner[1]), axis=-1).reshape(-1, 2)
    planes = rounded(spline(xy), 5).reshape(len(coarse), len(coarse), -1)
    return _refine(planes, side)


def mouth_displacement(points: Points) -> Points:
    """Displacement (478, 2) px of all mesh points by one unit of both lip drives."""
    centres, values = _controls(points)
    both = values[:, 0:2] + values[:, 2:4]
    return rounded(RBFInterpolator(centres, both, kernel="thin_plate_spline")(points), 5)


def _controls(points: Points) -> tuple[Points, Points]:
    """The control points (N, 2) px and their displacement by each of four fields, (N, 8) px."""
    axes = FaceAxes.from_mesh(points)
    lips = [*CORNERS, *MID_LIPS, *OUTER_LIPS[0], *OUTER_LIPS[1], *INNER_LIPS[0], *INNER_LIPS[1]]
    cheeks = [*CHEEKS[0], *CHEEKS[1], *CONTOUR[0], *CONTOUR[1]]
    index = np.array([*lips, *cheeks, *STILL])
    uv = axes.to_face(points[index])
    moves = np.zeros((len(index), 2 * SIDES, 2))
    middle = axes.to_face(points[[1]])[0, 0]
    for side, sign in enumerate((-1.0, 1.0)):
        reach = abs(axes.to_face(points[[CORNERS[side]]])[0, 0] - middle)
        share = np.clip(sign * (uv[: len(lips), 0] - middle) / reach, 0.0, 1.0)[:, None]
        moves[: len(lips), side] = share**1.5 * (sign * CORNER_OUT, -CORNER_UP)
        cheek = moves[:, SIDES + side]
        cheek[np.isin(index, CHEEKS[side])] = (sign * CHEEK_OUT, -CHEEK_UP)
        cheek[np.isin(index, CONTOUR[side])] = (sign * CONTOUR_OUT, -CONTOUR_UP)
    displacement = axes.vectors(moves.reshape(-1, 2)).reshape(len(index), -1)
    return points[index], displacement


def _edge(corner: tuple[int, int], side: int) -> Points:
    """Points on the edge of the grid (N, 2) px, where the displacement is zero."""
    along = np.linspace(0.0, side, 9)
    zero, far = np.zeros_like(along), np.full_like(along, side)
    square = [(along, zero), (along, far), (zero, along), (far, along)]
    edge = np.concatenate([np.column_stack(pair) for pair in square])
    return np.asarray(np.unique(edge, axis=0) + corner)


def _refine(planes: NDArray[np.float64], side: int) -> Grid:
    """Interpolate planes (h, w, 2K) with a node every 4 px to fields (K, side, side, 2)."""
    at = np.arange(side, dtype=np.float32) / 4.0
    x, y = np.meshgrid(at, at)
    fine = [
        cv2.remap(planes[..., plane].astype(np.float32), x, y, cv2.INTER_CUBIC)
        for plane in range(planes.shape[-1])
    ]
    stacked = np.stack(fine, axis=-1).reshape(side, side, -1, 2)
    return np.ascontiguousarray(np.moveaxis(stacked, 2, 0))
