"""The portrait, where its 478 face points lie, and the face's own axes.

Eileen Collins, photographed by NASA (public domain), ships inside scikit-image. `portrait.csv` was
made once by `python -m duchenne.datasets.demo.locate`, so that the demo itself needs no face mesh.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

from duchenne.errors import StageError

Points = NDArray[np.float64]
Image = NDArray[np.uint8]

TABLE = "portrait.csv"
SIDE = 512
POINTS = 478

# Outer eye corners, the subject's right then left: the points that 33 and 263 name in the mesh.
RIGHT_EYE, LEFT_EYE = 33, 263


@cache
def image() -> Image:
    """The portrait, (512, 512, 3) BGR."""
    from skimage import data  # here, because it costs half a second that only rendering should pay

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
    """The portrait's face points, (478, 2) px; whole numbers are the centres of pixels."""
    text = files(__package__).joinpath(TABLE).read_text(encoding="utf-8")
    table = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1)
    if table.shape != (POINTS, 4) or not np.array_equal(table[:, 0], np.arange(POINTS)):
        raise StageError(f"{TABLE} must hold point,x,y,z for the points 0 to {POINTS - 1} in order")
    return np.ascontiguousarray(table[:, 1:3])


@dataclass(frozen=True)
class FaceAxes:
    """Axes of a face: origin between the outer eye corners, whose distance is the unit.

    u points to the right of the picture along the eyes, v down the face.
    """

    origin: Points
    right: Points
    unit: float

    @classmethod
    def of(cls, points: Points) -> "FaceAxes":
        """Axes of the face with mesh points (478, 2) px."""
        across = points[LEFT_EYE] - points[RIGHT_EYE]
        unit = float(np.hypot(*across))
        return cls((points[LEFT_EYE] + points[RIGHT_EYE]) / 2.0, across / unit, unit)

    def to_face(self, points: Points) -> Points:
        """(N, 2) px to (N, 2) u, v."""
        return (points - self.origin) @ self._basis().T / self.unit

    def to_picture(self, uv: Points) -> Points:
        """(N, 2) u, v to (N, 2) px."""
        return self.origin + self.vectors(uv)

    def vectors(self, uv: Points) -> Points:
        """Displacements (N, 2) in u, v to displacements in px."""
        return uv @ self._basis() * self.unit

    def _basis(self) -> Points:
        return np.array([self.right, (-self.right[1], self.right[0])])
