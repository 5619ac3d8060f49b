"""The portrait of the demo, its 478 mesh points, and coordinates relative to a face.

It is a photograph of Eileen Collins by NASA (public domain), part of scikit-image. `portrait.csv`
was made by `python -m duchenne.datasets.demo.locate`, so that the demo needs no face mesh.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from duchenne.errors import StageError

Points = NDArray[np.float64]
Image = NDArray[np.uint8]

TABLE = "portrait.csv"
SIDE = 512
POINTS = 478

# Mesh points at the outer eye corners, the subject's right and left.
RIGHT_EYE, LEFT_EYE = 33, 263


@cache
def image() -> Image:
    """The portrait, (512, 512, 3) BGR."""
    from skimage import data  # here, since it takes half a second that only rendering needs

    rgb: Image = data.astronaut()  # type: ignore[no-untyped-call]
    picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR).astype(np.uint8)
    if picture.shape != (SIDE, SIDE, 3):
        raise StageError(
            f"scikit-image's astronaut is {picture.shape}, not {(SIDE, SIDE, 3)}: "
            f"install the version of requirements.lock, or make {TABLE} anew with "
            "`python -m duchenne.datasets.demo.locate`"
        )
    return picture


@cache
def landmarks() -> Points:
    """Mesh points of the portrait, (478, 2) px; integers are centres of pixels."""
    text = files(__package__).joinpath(TABLE).read_text(encoding="utf-8")
    table = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1)
    if table.shape != (POINTS, 4) or not np.array_equal(table[:, 0], np.arange(POINTS)):
        raise StageError(f"{TABLE} must hold point,x,y,z for the points 0 to {POINTS - 1} in order")
    return np.ascontiguousarray(table[:, 1:3])


def rounded(values: NDArray[np.floating[Any]], decimals: int = 9) -> Points:
    """Values rounded to `decimals` places, so that the demo is equal on every processor.

    NumPy uses other instructions on other processors, and the last bits of their results differ;
    the rounding is far below what a picture shows.
    """
    return np.asarray(np.round(values, decimals), dtype=np.float64)


@dataclass(frozen=True)
class FaceAxes:
    """Coordinates (u, v) relative to a face.

    The origin is midway between the outer eye corners, whose distance is the unit. u points along
    the eyes to the right of the picture, v down the face.
    """

    origin: Points
    right: Points
    unit: float

    @classmethod
    def from_mesh(cls, points: Points) -> "FaceAxes":
        """Axes of the face with mesh points (478, 2) px."""
        across = points[LEFT_EYE] - points[RIGHT_EYE]
        unit = float(np.hypot(*across))
        return cls((points[LEFT_EYE] + points[RIGHT_EYE]) / 2.0, across / unit, unit)

    def to_face(self, points: Points) -> Points:
        """Points (N, 2) px as (u, v)."""
        return (points - self.origin) @ self._basis().T / self.unit

    def to_picture(self, uv: Points) -> Points:
        """Points (N, 2) in (u, v) as px."""
        return self.origin + self.vectors(uv)

    def vectors(self, uv: Points) -> Points:
        """Displacements (N, 2) in (u, v) as px."""
        return uv @ self._basis() * self.unit

    def _basis(self) -> Points:
        return np.array([self.right, (-self.right[1], self.right[0])])
