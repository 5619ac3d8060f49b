"""The three signals of a smile: displacement of lip corners and cheeks, opening of the eyelids.

Definitions after Dibeklioğlu, Salah & Gevers (2012), for each side, on landmarks without head
motion. Lips and cheeks are measured from their centre at rest, each eyelid from its own eye.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.face.series import Mask
from duchenne.face.topology import LEGACY_LIP_CORNERS, Points, Sides, Topology, at

Array = npt.NDArray[np.float64]


class Signal(NamedTuple):
    """One region of the face over time, (T,) each; without a unit, NaN where unknown."""

    right: Array
    left: Array

    @property
    def mean(self) -> Array:
        return (self.right + self.left) / 2.0


class Signals(NamedTuple):
    """`lip` and `cheek`: distance of each side from the resting centre, divided by the distance of
    both sides at rest; about 0.5 at rest. `eyelid`: distance of the upper lid from the middle of
    the eye's corners, in eye widths, negative if the lid is below. The lid's landmark is 0.11 eye
    widths outwards of that middle, so the signal jumps by 0.23 where its sign changes."""

    eyelid: Signal
    cheek: Signal
    lip: Signal


class Mouth(NamedTuple):
    """The lip corners, (T, 2) right and left, outwards and up, and the gap between the lips, (T,),
    in inter-ocular distances; NaN where unknown. Where 0 is does not matter."""

    out: Array
    up: Array
    gap: Array
    width: Array  # (T,), of the mouth

    @property
    def pull(self) -> Array:
        """The way outwards and up that both corners have in common, (T,): smiles are found in it.

        It has half of the lip signal's noise, which has the way up squared: at a level of the
        demo's noise, onsets of 1 to 2.5 s are found as exactly as those of half a second.
        """
        return np.asarray((self.out + self.up).mean(axis=1) / 2.0)


def mouth(xyz: Points, *, topology: Topology, legacy_lips: bool = False) -> Mouth:
    """The mouth of landmarks (T, N, 3), along the line between the eyes and at right angles."""
    lips = LEGACY_LIP_CORNERS if legacy_lips else topology.lip_corners
    right, left = topology.eye_centres(xyz[..., :2])
    between = (left - right)[np.isfinite(left[:, 0]) & np.isfinite(right[:, 0])].astype(np.float64)
    across = np.median(between, axis=0) if len(between) else np.full(2, np.nan)
    size = np.linalg.norm(across) or np.nan
    across = across / size
    up = np.array([across[1], -across[0]])
    places = [_place(xyz, lips.right) / size, _place(xyz, lips.left) / size]
    gap = np.subtract(*(_place(xyz, edge) / size for edge in topology.lip_gap)) @ up
    return Mouth(
        np.stack([sign * place @ across for sign, place in zip((-1, 1), places, strict=True)], 1),
        np.stack([place @ up for place in places], 1),
        gap,
        _length(places[1] - places[0]),
    )


def measure(
    xyz: Points,
    *,
    rest: Mask,
    topology: Topology,
    legacy_lips: bool = False,
    eyelid: Signal | None = None,
) -> Signals:
    """The signals of landmarks (T, N, 3), y down; the face is at rest in the frames `rest` (T,).

    `legacy_lips` uses the lip corners of published extractors, which are no mirror pair. `eyelid`
    is the signal of `openings` if it is there already.
    """
    lips = LEGACY_LIP_CORNERS if legacy_lips else topology.lip_corners
    unknown = np.full(len(xyz), np.nan)
    cheeks = topology.cheeks
    return Signals(
        eyelid=eyelid or openings(xyz, topology=topology),
        cheek=_excursions(xyz, cheeks, rest) if cheeks else Signal(unknown, unknown),
        lip=_excursions(xyz, lips, rest),
    )


def _excursions(xyz: Points, sides: Sides, rest: Mask) -> Signal:
    """Distance of each side from the resting centre, divided by the resting distance of both."""
    right, left = _place(xyz, sides.right), _place(xyz, sides.left)
    if not rest.any():
        unknown = np.full(len(xyz), np.nan)
        return Signal(unknown, unknown)
    resting = np.median(right[rest], axis=0), np.median(left[rest], axis=0)
    centre = (resting[0] + resting[1]) / 2.0
    width = np.linalg.norm(resting[0] - resting[1])
    return Signal(_length(right - centre) / width, _length(left - centre) / width)


def openings(xyz: Points, *, topology: Topology) -> Signal:
    """The signal of the eyelids, which needs no resting face."""
    outer, inner, lids = topology.outer_corners, topology.inner_corners, topology.upper_lids
    return Signal(
        _opening(xyz, outer.right, inner.right, lids.right),
        _opening(xyz, outer.left, inner.left, lids.left),
    )


def _opening(
    xyz: Points, outer: tuple[int, ...], inner: tuple[int, ...], lid: tuple[int, ...]
) -> Array:
    """Signed distance of the lid from the middle of its eye, in eye widths; positive if the lid is
    above, that is, has the smaller y."""
    a, b = _place(xyz, outer), _place(xyz, inner)
    up = _place(xyz, lid) - (a + b) / 2.0
    return np.where(up[:, 1] > 0.0, -1.0, 1.0) * _length(up) / _length(a - b)


def _place(xyz: Points, role: tuple[int, ...]) -> Array:
    """The mean of the role's landmarks in the plane of the face, (T, 2). Depth is left out: it is
    the mesh's guess, and with it the worst eyelid signal of the demo correlates with the truth by
    0.83 instead of 0.90."""
    return at(xyz[..., :2], role).astype(np.float64)


def _length(vectors: Array) -> Array:
    return np.asarray(np.linalg.norm(vectors, axis=-1))
