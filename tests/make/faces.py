"""Synthetic landmarks for D-Markers: the points that the signals use, placed by hand; y is down.

The unit is the distance between the eyes, as in normalised landmarks. The upper lids are 0.15 above
the eye corners; eyes are 0.5 wide, the mouth 0.8, and the cheeks are 1.2 apart.
"""

import numpy as np
from numpy.typing import NDArray

from duchenne.datasets.demo.dynamics import Drives
from duchenne.datasets.demo.plan import ClipPlan, plan
from duchenne.dmarkers.extract import Markers, extract
from duchenne.face.topology import MESH, Role, Sides, Topology

Array = NDArray[np.float64]

NEUTRAL_S = 0.3  # as in params.yaml
PLANS = plan(seed=7, subjects=15, clips_per_subject=4, size=64, kinds=("plain",))


def still(frames: int, topology: Topology = MESH) -> Array:
    """A face at rest, (T, N, 3). Depth is random, since signals should not depend on it."""
    xyz = np.zeros((frames, topology.points, 3))
    xyz[..., 2] = np.random.default_rng(0).normal(size=topology.points)
    _place(xyz, topology.outer_corners, (0.75, 0.0))
    _place(xyz, topology.inner_corners, (0.25, 0.0))
    _place(xyz, topology.upper_lids, (0.5, -0.15))
    _place(xyz, topology.lip_corners, (0.4, 0.9))
    if topology.cheeks:
        _place(xyz, topology.cheeks, (0.6, 0.6))
    return xyz


def _place(xyz: Array, sides: Sides, left: tuple[float, float]) -> None:
    """Place the points of both sides; those of a role with two points are 0.1 apart."""
    for role, sign in ((sides.right, -1.0), (sides.left, 1.0)):
        for number, point in enumerate(role):
            aside = 0.1 * (number - (len(role) - 1) / 2.0)
            xyz[:, point, :2] = sign * left[0] + aside, left[1]


def move(xyz: Array, role: Role, *, x: float | Array = 0.0, y: float | Array = 0.0) -> None:
    """Shift all points of a role, by a number or by one for each frame."""
    for point in role:
        xyz[:, point, 0] += x
        xyz[:, point, 1] += y


def smiling(drives: Drives, topology: Topology = MESH) -> Array:
    """A smile, (T, N, 3): lip corners move up and apart, cheeks up, lids partly down."""
    xyz = still(len(drives.lip), topology)
    lips, lids = topology.lip_corners, topology.upper_lids
    move(xyz, lips.right, x=-0.12 * drives.lip_right, y=-0.1 * drives.lip_right)
    move(xyz, lips.left, x=0.12 * drives.lip_left, y=-0.1 * drives.lip_left)
    for lid in (lids.right, lids.left):
        move(xyz, lid, y=0.14 * drives.eyelid)
    if topology.cheeks:
        for cheek in (topology.cheeks.right, topology.cheeks.left):
            move(xyz, cheek, y=-0.1 * drives.cheek)
    return xyz


def clock(clip: ClipPlan, fps: float) -> Array:
    """Frame times (T,) s of the whole clip at a rate in Hz."""
    return np.arange(round(clip.seconds * fps)) / fps


def jittered(clip: ClipPlan, times: Array, *, noise: float, seed: int = 0) -> Array:
    """The clip's smile with noise on every landmark, (T, 478, 3)."""
    xyz = smiling(clip.smile.drives(times))
    return np.asarray(xyz + np.random.default_rng(seed).normal(0.0, noise, xyz.shape))


def markers(
    xyz: Array,
    times: Array,
    *,
    topology: Topology = MESH,
    neutral_s: float = NEUTRAL_S,
    smoothing: str = "savgol",
    rest: str = "search",
    rule: str = "events",
    which: str = "largest",
    blinks: str = "bridge",
    legacy_lips: bool = False,
    out: NDArray[np.bool_] | None = None,
) -> Markers:
    """`extract` with the defaults of params.yaml."""
    return extract(
        xyz,
        times,
        topology=topology,
        neutral_s=neutral_s,
        smoothing=smoothing,
        rest=rest,
        rule=rule,
        which=which,
        blinks=blinks,
        legacy_lips=legacy_lips,
        out=out,
    )
