"""Which regions of the face lie outside the picture. There a mesh guesses, and nothing is measured.

A region is outside in a frame if any landmark of its outline is. A network lays all points at once
and presses a mouth that the edge cuts into the picture: on 24 frames of five clips, cropped below
the lip corners, these were off by up to 0.4 inter-ocular distances with themselves inside, and by
0.03 at most with the whole outline of the lips inside.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from duchenne.face.series import Mask
from duchenne.face.topology import Points, Role, Topology

REGIONS = ("eyes", "cheeks", "mouth")


def landmarks_of(topology: Topology) -> Mapping[str, Role]:
    """The landmarks of each region; none for cheeks that the topology does not have."""
    path = {line.name: line.path for line in topology.outlines}
    cheeks = topology.cheeks
    return {
        "eyes": path["right_eye"] + path["left_eye"],
        "cheeks": cheeks.right + cheeks.left if cheeks else (),
        "mouth": path["outer_lips"],
    }


def outside(xyz: Points, size: tuple[int, int], *, topology: Topology) -> Mask:
    """(T, 3), whether each of REGIONS lies outside the picture, of landmarks (T, N, 3) in px; False
    where no face is known. `size` is the picture's width and height; (0, 0) is the middle of its
    first pixel."""
    roles = landmarks_of(topology).values()
    return np.stack([_beyond(xyz[:, list(role), :2], size) for role in roles], axis=1)


def shares(out: Mask, seen: Mask) -> npt.NDArray[np.float64]:
    """(3,): the share of the frames with a face in which each region is outside; NaN without."""
    return out[seen].mean(axis=0) if seen.any() else np.full(len(REGIONS), np.nan)


def _beyond(points: Points, size: tuple[int, int]) -> Mask:
    low, high = -0.5, np.array(size) - 0.5
    return np.asarray(((points < low) | (points > high)).any(axis=(1, 2)))
