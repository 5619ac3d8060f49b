"""Normalised landmarks: head motion and size are removed, so that facial motion remains.

`rigid` is the default. `minmax` repeats published work, for comparison.
"""

from dataclasses import dataclass, replace

import numpy as np

from duchenne.face import series, similarity
from duchenne.face.pose import Pose, frontal, pose_of
from duchenne.face.series import Mask
from duchenne.face.similarity import Array
from duchenne.face.topology import Topology

# Rounds of aligning the neutral frames to their median. On the demo the second still moves a point
# by up to 2e-3 of the inter-ocular distance, the third by less than 1e-5.
_ROUNDS = 3

# The extremes of one data set (UvA-NEMO), by which published landmark networks scale all sets, as
# fractions of the picture: x of its width, y of its height, z of its width.
_LOWEST = (0.06372425, 0.05751023, -0.08976112)
_HIGHEST = (0.63246971, 1.01475966, 0.14436169)


@dataclass(frozen=True)
class Normalised:
    """Normalised landmarks of a clip of T frames, and the head motion that was removed.

    xyz (T, N, 3) float32, NaN if no face is known; `filled` (T,) marks frames of filled gaps.
    `pose`, `scale` and `residual` are known in the frames with a face and NaN in all others, filled
    ones included: `scale` (T,) is in px per inter-ocular distance; `residual` (T,) is the root mean
    square distance of the rigid points from their target in inter-ocular distances.
    """

    xyz: Array
    filled: Mask
    pose: Pose
    scale: Array
    residual: Array

    @property
    def seen(self) -> Mask:
        """Frames (T,) in which a face was measured."""
        return np.asarray(np.isfinite(self.scale))


def rigid(
    xyz: Array, times: Array, *, topology: Topology, neutral_s: float, max_gap: float
) -> Normalised:
    """Landmarks (T, N, 3) in isotropic px, y down, NaN = no face, at (T,) s → inter-ocular units.

    Each frame is mapped by the similarity transform (shift, rotation, scale) that fits its rigid
    points to those of the clip's neutral face: the median of the faces in the first `neutral_s` s
    with a face, turned to the front. Expressions have no effect, since the rigid points do not move
    with them. Axes as in `pose.frontal`: origin between the eyes, their distance 1, y down.
    """
    known = np.isfinite(xyz).all(axis=(1, 2))
    target = _neutral(xyz, times, known=known, topology=topology, seconds=neutral_s)
    points = np.where(known[:, None, None], xyz[:, topology.rigid], np.nan)
    placed = similarity.fit(points, target, flat=topology.flat)
    off = placed.apply(points.astype(np.float64)) - target
    placed_xyz = placed.apply(xyz.astype(np.float32, copy=False))
    whole, filled = series.fill(placed_xyz, times, max_gap=max_gap)
    return Normalised(
        xyz=whole,
        filled=filled,
        pose=_pose(placed.rotation, topology),
        scale=1.0 / placed.scale,
        residual=np.sqrt(np.square(off).sum(axis=-1).mean(axis=-1)),
    )


def minmax(
    xyz: Array,
    times: Array,
    *,
    size: tuple[int, int],
    topology: Topology,
    neutral_s: float,
    max_gap: float,
) -> Normalised:
    """As published, for comparison: fractions of the picture's `size`, scaled by fixed extremes.

    Head motion remains, x and y have different scales, and values of other data sets exceed 0 to 1.
    All other results are those of `rigid`, so that a clip's quality does not depend on the method.
    """
    measured = rigid(xyz, times, topology=topology, neutral_s=neutral_s, max_gap=max_gap)
    low, high = np.array(_LOWEST), np.array(_HIGHEST)
    width, height = size
    seen = np.where(measured.seen[:, None, None], xyz, np.nan)
    scaled = (seen / (width, height, width) - low) / (high - low)
    whole, filled = series.fill(scaled.astype(np.float32), times, max_gap=max_gap)
    return replace(measured, xyz=whole, filled=filled)


def _neutral(xyz: Array, times: Array, *, known: Mask, topology: Topology, seconds: float) -> Array:
    """Rigid points (K, 3) of the clip's neutral face from the front; NaN if it has none."""
    rigid_points = list(topology.rigid)
    early = series.at_rest(known, times, seconds=seconds)
    faces = frontal(xyz[early].astype(np.float64), topology=topology)
    faces = faces[np.isfinite(faces).all(axis=(1, 2))]
    if not len(faces):
        return np.full((len(rigid_points), 3), np.nan)
    for _ in range(_ROUNDS):
        neutral = np.asarray(np.median(faces, axis=0))
        target = frontal(neutral[None], topology=topology)[0, rigid_points]
        faces = similarity.fit(faces[:, rigid_points], target, flat=topology.flat).apply(faces)
    return np.asarray(target)


def _pose(to_front: Array, topology: Topology) -> Pose:
    pose = pose_of(to_front)
    if not topology.flat:
        return pose
    unknown = np.full_like(pose.roll, np.nan)  # landmarks without depth give roll only
    return Pose(yaw=unknown, pitch=unknown, roll=pose.roll)
