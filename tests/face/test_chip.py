"""Where a chip lies, and what is in it."""

from math import cos, radians, sin

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from duchenne.face import chip
from duchenne.face.crop import Crop
from duchenne.face.topology import DLIB, MESH, Topology
from duchenne.media.jpeg import Pixels
from tests.make.people import detector, only, points, sitter
from tests.make.portraits import flat_face, mesh_face

Array = NDArray[np.float64]
WIDTH, HEIGHT = 640, 480
BOTH = pytest.mark.parametrize("face", [MESH, DLIB], ids=["mesh", "dlib"])


def landmarks(face: Topology, *, unit: float = 60.0) -> Array:
    """(N, 3) px in the middle of the picture, `unit` px between the eyes."""
    portrait = mesh_face() if face is MESH else flat_face()
    return portrait * unit + (WIDTH / 2, HEIGHT / 2 - 30.0, 0.0)


@pytest.fixture(scope="module")
def picture() -> Pixels:
    """Smooth blobs of all colours, `(480, 640, 3)`."""
    coarse = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.GaussianBlur(smooth, (0, 0), 4), np.uint8)


def moved(turn: float, zoom: float, shift: tuple[float, float]) -> Array:
    """About the middle of the picture, `(2, 3)` for coordinates that count from its corner."""
    c, s = zoom * cos(radians(turn)), zoom * sin(radians(turn))
    matrix = np.array([[c, -s], [s, c]])
    middle = np.array([WIDTH, HEIGHT]) / 2
    return np.column_stack((matrix, middle - matrix @ middle + shift))


def of(face: Topology, xyz: Array) -> Crop:
    [crop] = chip.aligned(xyz[None], topology=face)
    return crop


@BOTH
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    "view",
    [(0, 1, (0, 0)), (30, 1, (0, 0)), (-75, 1, (0, 0)), (0, 1.4, (0, 0)), (0, 0.5, (0, 0)),
     (0, 1, (37.3, -21.8)), (160, 1.2, (-20.5, 14.2))],
    ids=str,
)  # fmt: skip
def test_a_picture_moved_turned_zoomed_or_mirrored_gives_the_same_chip(
    picture: Pixels, face: Topology, view: tuple[float, float, tuple[float, float]], mirrored: bool
):
    xyz = landmarks(face)
    plain = chip.cut(picture, of(face, xyz), side=48, channels=3)
    matrix, zoom = moved(*view), view[1]
    by_centres = matrix.copy()
    by_centres[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    other = np.asarray(cv2.warpAffine(picture, by_centres, (WIDTH, HEIGHT)), np.uint8)
    there = np.column_stack((xyz[:, :2] @ matrix[:, :2].T + matrix[:, 2], zoom * xyz[:, 2]))
    if mirrored:
        other = np.ascontiguousarray(other[:, ::-1])
        there = there[list(face.mirror)] * (-1.0, 1.0, 1.0) + (WIDTH, 0.0, 0.0)
    found = chip.cut(other, of(face, there), side=48, channels=3)
    expected = plain[:, ::-1] if mirrored else plain
    off = np.abs(found.astype(int) - expected.astype(int))
    assert plain.std() > 20
    assert np.median(off) <= 1
    assert off.max() <= 8


@BOTH
def test_the_eyes_are_where_they_belong_and_the_whole_face_is_inside(face: Topology):
    xyz = landmarks(face)
    where = chip.shares(xyz[:, :2], of(face, xyz))
    right, left = face.eye_centres(where)
    assert (right + left) / 2 == pytest.approx([0.5, 0.5 - chip.BELOW / chip.WIDE], abs=1e-6)
    assert left - right == pytest.approx([1 / chip.WIDE, 0.0], abs=1e-6)
    assert where.min() > 0.05
    assert where.max() < 0.95


@BOTH
def test_no_expression_moves_the_chip(face: Topology):
    rest = landmarks(face)
    smile = rest + np.random.default_rng(1).normal(0.0, 5.0, rest.shape)
    smile[list(face.rigid)] = rest[list(face.rigid)]
    assert of(face, smile) == of(face, rest)


@pytest.mark.parametrize("yaw", [-35, 20, 35])
def test_a_head_that_turns_aside_keeps_its_size(yaw):
    """The eyes come closer to each other by up to 18 %; the face is as high as before."""
    c, s = cos(radians(yaw)), sin(radians(yaw))
    front = landmarks(MESH)
    centre = front[list(MESH.rigid)].mean(axis=0)
    aside = (front - centre) @ np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]]) + centre
    first, second = chip.aligned(np.stack((front, aside)), topology=MESH)
    assert second.side == pytest.approx(first.side, rel=1e-6)
    assert second.y == pytest.approx(first.y, abs=0.02 * first.side)
    assert second.roll == pytest.approx(0.0, abs=3.0)


def test_where_there_is_no_face_there_is_no_chip():
    face = landmarks(MESH)
    clip = np.stack((face, np.full_like(face, np.nan), face + np.array([5.0, 0.0, 0.0])))
    first, gap, last = chip.aligned(clip, topology=MESH)
    assert not gap.is_real
    assert (first.side, first.x) == pytest.approx((last.side, last.x - 5.0))
    assert not any(crop.is_real for crop in chip.aligned(clip[1:2], topology=MESH))
    nowhere = np.zeros_like(face)  # what some extractors write for a missing face
    assert not of(MESH, nowhere).is_real


def area_average(picture: Pixels, crop: Crop, size: int) -> Array:
    """What each pixel of an upright crop covers, from 16 × 16 samples in it: `(size, size)`."""
    at = (np.arange(16 * size) + 0.5) / (16 * size) - 0.5
    columns = np.floor(crop.x + crop.side * at).astype(int)
    rows = np.floor(crop.y + crop.side * at).astype(int)
    samples = picture[rows][:, columns, 0].astype(np.float64)
    return np.asarray(samples.reshape(size, 16, size, 16).mean(axis=(1, 3)))


@pytest.mark.parametrize("ratio", [1.4, 1.49, 1.8, 2.49, 3.3, 5.0])
@pytest.mark.parametrize("shift", [0.0, 0.3, 0.5, 0.8])
def test_shrinking_averages_the_finest_texture(ratio, shift):
    """Else it would fold into coarse patterns, which flicker as a face moves by parts of a px."""
    grain = np.random.default_rng(0).integers(0, 256, (300, 300, 1), dtype=np.uint8)
    crop = Crop(150.0 + shift, 150.0 - shift / 2, 48 * ratio)
    found = chip.cut(grain.repeat(3, axis=2), crop, side=48, channels=1)[:, :, 0]
    off = found - area_average(grain, crop, 48)
    assert np.sqrt(np.square(off).mean()) < 7.0, "of 74, which the grain has"


@pytest.mark.parametrize(("channels", "expected"), [(3, [200, 100, 50]), (1, [124])])
def test_colours_are_red_green_blue_or_grey(channels, expected):
    blue_green_red = np.full((60, 80, 3), (50, 100, 200), np.uint8)
    found = chip.cut(blue_green_red, chip.whole(80, 60), side=24, channels=channels)
    assert found.shape == (24, 24, channels)
    assert (found == expected).all()


def test_a_whole_picture_is_its_middle_square_and_stays_as_it_is():
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 256, (48, 70, 3), dtype=np.uint8)
    found = chip.cut(wide, chip.whole(70, 48), side=48, channels=3)
    assert np.array_equal(found, wide[:, 11:59, ::-1])


@pytest.mark.parametrize("crop", [Crop(10.0, 20.0, 30.0), Crop(-4.0, 7.5, 96.0, 33.0)], ids=str)
def test_shares_lead_back_to_the_picture(crop: Crop):
    xy = np.random.default_rng(0).uniform(-50.0, 150.0, (9, 2))
    assert crop.to_frame(chip.shares(xy, crop)) == pytest.approx(xy)


def test_a_detector_s_box_gives_about_the_same_chip_as_landmarks():
    frame = sitter()
    box, roll = only(detector()(frame))
    boxed, aligned = chip.boxed(box, roll=roll), of(MESH, points(frame))
    assert boxed.side == pytest.approx(aligned.side, rel=0.1)
    off = np.hypot(boxed.x - aligned.x, boxed.y - aligned.y)
    assert off < 0.05 * aligned.side
    assert boxed.roll == pytest.approx(aligned.roll, abs=5.0)
