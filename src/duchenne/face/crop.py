"""Boxes of faces, and square crops: cut out, turned upright and scaled at sub-pixel accuracy.

Coordinates count from the corner of the picture: the first pixel reaches from 0 to 1 and its centre
is 0.5. So a coordinate is the same share of the picture at any resolution, and points found in a
small copy are scaled to the original by one factor. (MediaPipe's own crop mixes corners and
centres, which shifts its points by half a pixel of the crop: the larger the face, the more px.)
"""

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from duchenne.media.jpeg import Pixels

Array = NDArray[np.float64]

_CORNERS = np.array([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Crop:
    """A square of `side` px around (x, y) px, turned clockwise by `roll` degrees.

    The crop is turned with the head because the mesh of a head turned by 20° is 2–4 % worse on an
    upright crop.
    """

    x: float
    y: float
    side: float
    roll: float = 0.0

    @classmethod
    def around(cls, box: ArrayLike, *, margin: float, roll: float = 0.0) -> Self:
        """At the centre of `box` (x0, y0, x1, y1) px, with `margin` times its longer side."""
        x0, y0, x1, y1 = np.asarray(box, dtype=np.float64).tolist()
        return cls((x0 + x1) / 2, (y0 + y1) / 2, margin * max(x1 - x0, y1 - y0), roll)

    @property
    def box(self) -> Array:
        """x0, y0, x1, y1 px in the crop's own axes."""
        return np.asarray((self.x, self.y, self.x, self.y) + self.side / 2 * _CORNERS)

    @property
    def is_real(self) -> bool:
        """False if a value is NaN or the side is not positive."""
        return bool(np.isfinite((self.x, self.y, self.side, self.roll)).all() and self.side > 0)

    def cut(self, frame: Pixels, size: int) -> Pixels:
        """`(H, W, 3)` → `(size, size, 3)`; outside the frame its border pixels are repeated."""
        import cv2

        # Sampled finely, then averaged, against aliasing: else the mesh of a face above 400 px
        # jitters 10 to 40 % more.
        fine = max(1, round(self.side / size))
        step, large = self.side / (size * fine), size * fine
        turn = step * self._turn()
        # The centre of the crop's first pixel; for OpenCV the centres of pixels are whole numbers.
        start = (self.x, self.y) + turn @ np.full(2, (1 - large) / 2) - 0.5
        picture = cv2.warpAffine(
            frame,
            np.column_stack((turn, start)),
            (large, large),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if fine > 1:
            picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
        return cast(Pixels, picture)

    def to_frame(self, points: Array) -> Array:
        """`(N, 2 or 3)` in shares of the crop → px of the frame; depth is only scaled."""
        out = points * self.side
        out[:, :2] = (points[:, :2] - 0.5) @ (self.side * self._turn()).T + (self.x, self.y)
        return out

    def _turn(self) -> Array:
        """Rotation from the crop's axes to the frame's, `(2, 2)`."""
        c, s = cos(radians(self.roll)), sin(radians(self.roll))
        return np.array([[c, -s], [s, c]])


def overlap(a: Array, b: Array) -> float:
    """Intersection over union of two boxes `(4,)`, x0, y0, x1, y1; roll is ignored."""
    shared = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0).prod()
    both = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared
    return float(shared / both) if both > 0 else 0.0


def grown(box: Array, factor: float) -> Array:
    """The box `(4,)` enlarged by `factor` about its centre."""
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2 * factor
    return np.concatenate((centre - half, centre + half))
