"""Closing eyes: the lids slide over an eyeball that stays where it is.

A blended field would squash the iris. Here the picture between lid and eye socket is stretched
along each column instead, up to where the lid's edge has come, and the eye beyond is left alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duchenne.datasets.demo.portrait import FaceAxes, Points

Column = NDArray[np.float64]

UPPER = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (362, 398, 384, 385, 386, 387, 388, 466, 263),
)
LOWER = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (362, 382, 381, 380, 374, 373, 390, 249, 263),
)
# The upper lid does most of the way in a blink and, less so, when the orbicularis oculi narrows
# the eye; one share for both keeps the opening linear in the drive. Ours.
UPPER_SHARE = 0.75
# Skin that stretches, above the upper and below the lower lid, in inter-ocular distances.
STRETCH = 0.13
# The lashes are drawn on the open side of the mesh's lid line and travel with the lid. px
LASH = 0.5


@dataclass(frozen=True)
class Eye:
    """Columns x of the picture (whole px) and the height of both lids in each, in px."""

    left: int
    upper: Column
    lower: Column
    reach: float

    def backward(self, rows: Column, closure: float) -> NDArray[np.float64]:
        """Vertical distance (rows, columns) px to where each pixel comes from, at this closure."""
        opening = self.lower - self.upper
        y = rows[:, None]
        down = UPPER_SHARE * closure * opening
        up = (1.0 - UPPER_SHARE) * closure * opening
        above = _stretch(y - (self.upper - self.reach), down, self.reach + LASH)
        below = _stretch((self.lower + self.reach) - y, up, self.reach + LASH)
        return np.asarray(below - above)


def _stretch(depth: NDArray[np.float64], slide: Column, reach: float) -> NDArray[np.float64]:
    """How far a lid that slid by `slide` carried the skin at `depth` beyond its fixed line."""
    carried = depth * slide / (reach + slide)
    return np.where((depth > 0.0) & (depth <= reach + slide), carried, 0.0)


def eyes(points: Points) -> tuple[Eye, Eye]:
    """Both eyes of a face with mesh points (478, 2) px; the picture's left one first."""
    reach = STRETCH * FaceAxes.of(points).unit
    return _eye(points, 0, reach), _eye(points, 1, reach)


def _eye(points: Points, side: int, reach: float) -> Eye:
    upper, lower = points[list(UPPER[side])], points[list(LOWER[side])]
    left, right = int(np.ceil(upper[0, 0])), int(np.floor(upper[-1, 0]))
    columns = np.arange(left, right + 1, dtype=np.float64)
    top = np.interp(columns, upper[:, 0], upper[:, 1])
    bottom = np.interp(columns, lower[:, 0], lower[:, 1])
    return Eye(left=left, upper=np.minimum(top, bottom), lower=bottom, reach=reach)
