"""Signals of faces whose points are placed by hand: what each one is, and what it must not mind."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.dmarkers import signals
from duchenne.dmarkers.signals import Signal, Signals
from duchenne.face.series import at_rest
from duchenne.face.topology import DLIB, LEGACY_LIP_CORNERS, MESH, Points, Topology
from tests.make.faces import PLANS, Array, clock, move, smiling, still

BOTH = pytest.mark.parametrize("face", [MESH, DLIB], ids=["mesh", "dlib"])


def measure(
    xyz: Points, *, face: Topology = MESH, neutral_s: float = 0.2, legacy_lips: bool = False
) -> Signals:
    times = np.arange(len(xyz)) / 25.0
    known = np.isfinite(xyz).all(axis=(1, 2))
    rest = at_rest(known, times, seconds=neutral_s)
    return signals.measure(xyz, rest=rest, topology=face, legacy_lips=legacy_lips)


def sides(signal: Signal) -> list[float]:
    """Right and left in the last frame."""
    return [float(signal.right[-1]), float(signal.left[-1])]


@BOTH
def test_at_rest(face):
    """Eyes 0.5 wide whose lids stand 0.15 above; corners half a mouth from its middle."""
    found = measure(still(3, face), face=face)
    assert sides(found.eyelid) == pytest.approx([0.3, 0.3])
    assert sides(found.lip) == pytest.approx([0.5, 0.5])
    if face is MESH:
        assert sides(found.cheek) == pytest.approx([0.5, 0.5])


def test_without_points_on_the_cheeks_there_is_no_signal():
    found = measure(still(3, DLIB), face=DLIB)
    assert np.isnan(found.cheek.right).all()
    assert np.isnan(found.cheek.left).all()
    assert len(found.cheek.right) == 3


# Centre of the mouth at rest: (0, 0.9), corners 0.4 from it; of the cheeks: (0, 0.6) and 0.6.
MOVES = {
    # signal, role, side that moves, by (x, y), its value then
    "lip corner goes outwards": ("lip", "lip_corners", "left", (0.4, 0.0), 0.8 / 0.8),
    "right one too": ("lip", "lip_corners", "right", (-0.4, 0.0), 0.8 / 0.8),
    "lip corner goes up": ("lip", "lip_corners", "left", (0.0, -0.3), 0.5 / 0.8),
    "lip corner goes down": ("lip", "lip_corners", "right", (0.0, 0.3), 0.5 / 0.8),
    "lip corner at the centre": ("lip", "lip_corners", "left", (-0.4, 0.0), 0.0),
    "cheek goes up": ("cheek", "cheeks", "right", (0.0, -0.25), 0.65 / 1.2),
    "lid goes up": ("eyelid", "upper_lids", "left", (0.0, -0.05), 0.2 / 0.5),
    "lid goes down": ("eyelid", "upper_lids", "left", (0.0, 0.1), 0.05 / 0.5),
    "lid below the corners": ("eyelid", "upper_lids", "right", (0.0, 0.25), -0.1 / 0.5),
    "lid goes sideways": ("eyelid", "upper_lids", "right", (0.08, 0.0), 0.17 / 0.5),
    "outer corner goes out": ("eyelid", "outer_corners", "left", (0.16, 0.0), 0.17 / 0.66),
    "inner corner goes in": ("eyelid", "inner_corners", "left", (-0.16, 0.0), 0.17 / 0.66),
}


@pytest.mark.parametrize(
    ("name", "face"),
    [(name, face) for name in MOVES for face in (MESH, DLIB) if getattr(face, MOVES[name][1])],
    ids=lambda value: value if isinstance(value, str) else str(value.points),
)
def test_a_place_that_moves(name, face):
    region, role, side, (x, y), expected = MOVES[name]
    points = getattr(face, role)
    before, xyz = still(10, face), still(10, face)
    last = np.arange(10) == 9
    move(xyz, getattr(points, side), x=x * last, y=y * last)
    found, rest = measure(xyz, face=face), measure(before, face=face)
    assert getattr(getattr(found, region), side)[-1] == pytest.approx(expected)
    other = "left" if side == "right" else "right"
    assert getattr(getattr(found, region), other) == pytest.approx(
        getattr(getattr(rest, region), other)
    ), "each side by itself"
    for name_, signal in found._asdict().items():
        if name_ != region:
            assert np.array_equal(signal, getattr(rest, name_), equal_nan=True)


def test_a_lid_that_is_off_the_middle_jumps_where_it_passes_the_corners():
    """The distance is signed, so it has no zero: 0.06 aside makes 0.12 and −0.12 of an eye."""
    xyz = still(3)
    lid = MESH.upper_lids.right
    move(xyz, lid, x=-0.06, y=0.15 + np.array([-1e-9, 0.0, 1e-9]))
    assert measure(xyz).eyelid.right == pytest.approx([0.12, 0.12, -0.12])


def test_rest_is_the_median_of_the_first_moments():
    """Frames 0 to 5 lie in the first 0.2 s; one of them is spoilt, and what follows is no rest."""
    xyz = still(12)
    move(xyz, MESH.lip_corners.left, x=np.array([5.0, *np.zeros(5), *np.full(6, 3.0)]))
    assert measure(xyz).lip.right == pytest.approx(np.full(12, 0.5))
    assert measure(xyz).lip.left[6:] == pytest.approx(np.full(6, 3.4 / 0.8))


def test_rest_begins_with_the_first_face_and_ends_on_time():
    """Two frames wherever they are, though 7/25 + 1/25 is not 8/25 in binary."""
    for start in range(60):
        xyz = still(start + 5)
        xyz[:start] = np.nan
        move(xyz, MESH.lip_corners.left, x=np.where(np.arange(len(xyz)) > start, 0.8, 0.0))
        found = measure(xyz, neutral_s=0.04)
        # resting left corner half-way, at 0.8: the mouth is 1.2 wide and its middle at 0.2
        assert found.lip.left[start] == pytest.approx(0.2 / 1.2)


@pytest.mark.parametrize("point", [(0, 0), (300, 2)])
def test_a_frame_without_a_whole_face_is_no_rest_and_has_no_value_where_it_lacks(point):
    xyz = still(12)
    xyz[0] = np.nan
    xyz[1, point[0], point[1]] = np.nan
    move(xyz, MESH.lip_corners.left, x=np.where(np.arange(12) < 2, 7.0, 0.0))
    found = measure(xyz)
    assert np.isnan(found.lip.left[0])
    assert found.lip.left[2:] == pytest.approx(np.full(10, 0.5)), "7 is no part of the rest"


def mirrored(xyz: Array, face: Topology) -> Array:
    return np.asarray(xyz[:, list(face.mirror)] * (-1.0, 1.0, 1.0))


@BOTH
def test_a_mirror_swaps_the_sides(face):
    clip = replace(PLANS[0], smile=replace(PLANS[0].smile, asymmetry=0.3))
    xyz = smiling(clip.smile.drives(clock(clip, 25.0)), face)
    here, there = measure(xyz, face=face), measure(mirrored(xyz, face), face=face)
    assert np.ptp(here.lip.left - here.lip.right) > 0.02, "or the test says nothing"
    for one, other in zip(here, there, strict=True):
        assert other.right == pytest.approx(one.left, nan_ok=True)
        assert other.left == pytest.approx(one.right, nan_ok=True)


@given(
    scale=st.floats(0.01, 1000.0),
    shift=st.tuples(*3 * [st.floats(-1000.0, 1000.0)]),
    number=st.integers(0, 9),
)
def test_size_place_and_depth_do_not_matter(scale, shift, number):
    xyz = smiling(PLANS[number].smile.drives(clock(PLANS[number], 25.0)))
    moved = xyz * (scale, scale, 7.0) + np.array(shift) * scale
    for one, other in zip(measure(xyz), measure(moved), strict=True):
        assert other.right == pytest.approx(one.right, abs=1e-9)
        assert other.left == pytest.approx(one.left, abs=1e-9)


@given(turn=st.floats(-180.0, 180.0))
def test_lips_and_cheeks_have_no_direction(turn):
    """Corners on a circle about the centre at rest are equally far, whichever way they went."""
    xyz = still(10)
    way = np.radians(turn)
    for sides_, radius, height in ((MESH.lip_corners, 0.6, 0.9), (MESH.cheeks, 0.9, 0.6)):
        assert sides_ is not None
        for role, sign in ((sides_.right, -1.0), (sides_.left, 1.0)):
            xyz[9, role, 0] = sign * radius * np.cos(way)
            xyz[9, role, 1] = height + sign * radius * np.sin(way)
    found = measure(xyz)
    assert sides(found.lip) + sides(found.cheek) == pytest.approx(4 * [0.75])


def test_legacy_lips_are_other_points():
    """62 and 308 in place of 61 and 291: a narrower mouth, and no pair."""
    xyz = still(10)
    right, left = LEGACY_LIP_CORNERS.right, LEGACY_LIP_CORNERS.left
    assert (right, left) == ((62,), (308,))
    move(xyz, right, x=-0.36, y=0.9)
    move(xyz, left, x=0.34, y=0.9)
    last = np.arange(10) == 9
    move(xyz, left, x=0.35 * last)
    found = measure(xyz, legacy_lips=True)
    assert sides(found.lip) == pytest.approx([0.5, 0.7 / 0.7])
    assert sides(measure(xyz).lip) == pytest.approx([0.5, 0.5])
    assert np.array_equal(found.eyelid, measure(xyz).eyelid)


def test_sides_are_the_subjects():
    """The right mouth corner lies on the left of the picture."""
    xyz = still(10)
    xyz[9, MESH.lip_corners.right[0], 0] -= 0.4
    assert xyz[9, MESH.lip_corners.right[0], 0] < xyz[9, MESH.lip_corners.left[0], 0]
    assert sides(measure(xyz).lip) == pytest.approx([1.0, 0.5])


def test_the_mean_of_both_sides():
    signal = Signal(right=np.array([1.0, np.nan]), left=np.array([3.0, 1.0]))
    assert signal.mean[0] == 2.0
    assert np.isnan(signal.mean[1]), "half a face is no face"


@pytest.mark.parametrize("frames", [0, 1, 4])
def test_clips_without_a_face(frames):
    for signal in measure(np.full((frames, 478, 3), np.nan)):
        assert signal.mean.shape == (frames,)
        assert np.isnan(signal.mean).all()


def test_single_precision_is_widened_before_anything_is_computed():
    """Near 1000, float32 counts in steps of 6e-5; sums of squares in it would lose the signal."""
    xyz = (still(5) + 1000.0).astype(np.float32)
    exact = measure(xyz.astype(np.float64))
    assert measure(xyz).lip.right == pytest.approx(exact.lip.right, abs=1e-12)
    assert measure(xyz).lip.right.dtype == np.float64


@BOTH
@pytest.mark.parametrize("degrees", [0, 20, -35])
def test_the_mouth_lies_along_the_eyes(face, degrees):
    """Outwards, up and the gap are of the face, in whatever size and turn it is filmed."""
    xyz = still(10, face)
    later = np.arange(10) == 9
    move(xyz, face.lip_corners.right, x=-0.1 * later, y=-0.05 * later)
    move(xyz, face.lip_corners.left, x=0.2 * later, y=0.1 * later)
    move(xyz, face.lip_gap[1], y=0.3 * later)
    way = np.radians(degrees)
    turn = np.array([[np.cos(way), -np.sin(way)], [np.sin(way), np.cos(way)]])
    turned = xyz.copy()
    turned[..., :2] = 40.0 * xyz[..., :2] @ turn.T + 300.0
    found = signals.mouth(turned, topology=face)
    assert np.diff(found.out[[0, 9]], axis=0)[0] == pytest.approx([0.1, 0.2])
    assert np.diff(found.up[[0, 9]], axis=0)[0] == pytest.approx([0.05, -0.1])
    assert found.gap[9] - found.gap[0] == pytest.approx(0.3)
    assert found.width[0] == pytest.approx(0.8)
    assert found.pull[9] - found.pull[0] == pytest.approx((0.1 + 0.2 + 0.05 - 0.1) / 4.0)
