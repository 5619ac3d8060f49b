"""Closing eyes: the lids slide over an eyeball that does not move.

A displacement field would squash the iris. Instead, in each column of the picture, the skin between
the eye socket and the edge of the lid is stretched to the new place of the edge; the visible part
of the eye does not change.
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
# The upper lid's share of a closure. It is greater in a blink than when the orbicularis oculi
# narrows the eye; one share for both keeps the opening linear in the drive. Our choice.
UPPER_SHARE = 0.75
# Height of the skin that stretches, above the upper and below the lower lid, in inter-ocular
# distances.
STRETCH = 0.13
# Px between the mesh's lid line and the lashes, which move with the lid.
LASH = 0.5


@dataclass(frozen=True)
class Eye:
    """One eye: its first column `left`, the y of both lids in each column, and STRETCH in px."""

    left: int
    upper: Column
    lower: Column
    reach: float

    def backward(self, rows: Column, closure: float) -> NDArray[np.float64]:
        """Inverse displacement along y, (rows, columns) px, at a closure from 0 to 1."""
        opening = self.lower - self.upper
        y = rows[:, None]
        down = UPPER_SHARE * closure * opening
        up = (1.0 - UPPER_SHARE) * closure * opening
        above = _stretch(y - (self.upper - self.reach), down, self.reach + LASH)
        below = _stretch((self.lower + self.reach) - y, up, self.reach + LASH)
        return np.asarray(below - above)


def _stretch(depth: NDArray[np.float64], slide: Column, reach: float) -> NDArray[np.float64]:
    """Shift of the skin at `depth` px from its fixed line when the lid has slid by `slide` px."""
    carried = depth * slide / (reach + slide)
    return np.where((depth > 0.0) & (depth <= reach + slide), carried, 0.0)


def eyes(points: Points) -> tuple[Eye, Eye]:
    """Both eyes of a face with mesh points (478, 2) px; left in the picture first."""
    reach = STRETCH * FaceAxes.from_mesh(points).unit
    return _eye(points, 0, reach), _eye(points, 1, reach)


def _eye(points: Points, side: int, reach: float) -> Eye:
    upper, lower = points[list(UPPER[side])], points[list(LOWER[side])]
    left, right = int(np.ceil(upper[0, 0])), int(np.floor(upper[-1, 0]))
    columns = np.arange(left, right + 1, dtype=np.float64)
    top = np.interp(columns, upper[:, 0], upper[:, 1])
    bottom = np.interp(columns, lower[:, 0], lower[:, 1])
    return Eye(left=left, upper=np.minimum(top, bottom), lower=bottom, reach=reach)
