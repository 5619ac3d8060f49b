"""The interface that every face mesh implements, and its result."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from duchenne.media.jpeg import Pixels


class Points(NamedTuple):
    """Landmarks of one frame, `(N, 3)` float32 px from the frame's top left corner, or all NaN.

    x grows to the right, y downwards, z away from the camera in the unit of x.
    """

    xyz: NDArray[np.float32]
    confidence: float  # 0 to 1 that there is a face; NaN if the mesh did not run


class Mesher(Protocol):
    """Landmarks from one picture and one box; no state is kept from frame to frame."""

    @property
    def points(self) -> int:
        """N, the number of landmarks."""

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """(name, sha256) of every file of weights."""

    def __call__(self, frame: Pixels, box: ArrayLike, *, roll: float = 0.0) -> Points:
        """`frame` is `(H, W, 3)` BGR; `box` is x0, y0, x1, y1 px, turned clockwise by `roll`°."""


def no_face(points: int, *, confidence: float = float("nan")) -> Points:
    """The result for a frame without a face: all NaN."""
    return Points(np.full((points, 3), np.nan, np.float32), confidence)
