"""Which landmarks a network sees, and which of them each becomes in a mirror."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.face.topology import Topology

Numbers = npt.NDArray[np.int64]


_LINES = {"right_eye", "left_eye", "outer_lips"}


class Points(NamedTuple):
    chosen: Numbers  # (N,) numbers of landmarks, increasing
    mirror: Numbers  # (N,) place of each one's partner among them


def choose(topology: Topology, *, wanted: str) -> Points:
    """`all`, or the `features` that a smile moves, with those that it leaves: eyes, lips, cheeks,
    and the points of the skull."""
    chosen = np.arange(topology.points)
    if wanted == "features":
        chosen = np.array(sorted(_features(topology)))
    place = {int(point): i for i, point in enumerate(chosen)}
    return Points(chosen, np.array([place[topology.mirror[int(point)]] for point in chosen]))


def _features(topology: Topology) -> set[int]:
    lines = {p for line in topology.outlines if line.name in _LINES for p in line.path}
    sides = [topology.upper_lids, topology.lower_lids, topology.outer_corners,
             topology.inner_corners, topology.lip_corners]  # fmt: skip
    if topology.cheeks:
        sides.append(topology.cheeks)
    corners = {point for side in sides for point in (*side.right, *side.left)}
    found = lines | corners | set(topology.nose_tip) | set(topology.rigid)
    return found | {topology.mirror[point] for point in found}
