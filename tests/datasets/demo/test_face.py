"""The portrait and what the drives do to a face: fields, lids, other face shapes."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from duchenne.datasets.demo import fields, lids, portrait, sitter
from duchenne.datasets.demo.subjects import SHAPE_SPREAD, Shape, draw_look, reshape
from duchenne.errors import StageError

LOOK = draw_look(np.random.default_rng(0))
STILL = Shape(**dict.fromkeys(SHAPE_SPREAD, 0.0))


def test_portrait_and_its_table():
    points = portrait.landmarks()
    assert portrait.image().shape == (512, 512, 3)
    assert points.shape == (478, 2)
    # Where anybody can see them in the picture: mouth and eye corners, nose, chin.
    places = {61: (201, 139), 291: (245, 141), 33: (195, 100), 263: (255, 104), 152: (221, 177)}
    for point, place in places.items():
        assert points[point] == pytest.approx(place, abs=2.0)
    # Pupils are dark, the whites of the teeth are bright.
    grey = portrait.image().mean(axis=2)
    pupil = grey[tuple(np.rint(points[468]).astype(int)[::-1])]
    teeth = grey[tuple(np.rint((points[13] + points[14]) / 2).astype(int)[::-1])]
    assert pupil + 60 < teeth


def test_other_portrait_is_refused(monkeypatch):
    portrait.image.cache_clear()
    monkeypatch.setattr("skimage.data.astronaut", lambda: np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(StageError, match="locate"):
        portrait.image()
    portrait.image.cache_clear()


def test_axes_go_there_and_back():
    points = portrait.landmarks()
    axes = portrait.FaceAxes.from_mesh(points)
    uv = axes.to_face(points)
    assert uv[[33, 263]] == pytest.approx(np.array([[-0.5, 0.0], [0.5, 0.0]]))
    assert axes.to_picture(uv) == pytest.approx(points)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_backward_field_undoes_the_forward_one(share):
    points = portrait.landmarks()
    solved = fields.solve(points, corner=(140, 48), side=168)
    drives = [share, share, share, share]
    forward = np.tensordot(np.array(drives, dtype=np.float32), solved.unit, axes=1)
    node = np.rint(points[61] - solved.corner).astype(int)
    moved = node + forward[node[1], node[0]]
    x, y = moved.astype(np.float32)[:, None, None]
    back = cv2.remap(solved.backward(drives), x, y, cv2.INTER_LINEAR)[0, 0]
    assert np.hypot(*(moved + back - node)) < 0.1
    assert np.hypot(*(moved - node)) > 4.0 * share  # a movement that a mesh can see


def test_each_unit_field_moves_its_own_corner_out_and_up_and_no_eye():
    points = portrait.landmarks()
    axes = portrait.FaceAxes.from_mesh(points)
    unit = fields.solve(points, corner=(140, 48), side=168).unit

    def moves(point):
        x, y = np.rint(points[point] - (140, 48)).astype(int)
        basis = np.array([axes.right, (-axes.right[1], axes.right[0])])
        return unit[:, y, x] @ basis.T / axes.unit

    right, left = moves(61), moves(291)
    assert right[0] == pytest.approx((-fields.CORNER_OUT, -fields.CORNER_UP), abs=0.012)
    assert left[1] == pytest.approx((fields.CORNER_OUT, -fields.CORNER_UP), abs=0.012)
    assert np.abs([right[1], left[0]]).max() < 0.01
    assert moves(50)[2, 1] < -0.03 and moves(280)[3, 1] < -0.03
    for point in (159, 145, 386, 374):
        assert np.abs(moves(point)).max() < 0.01


@pytest.mark.parametrize("closure", [0.0, 0.25, 0.5, 1.0])
def test_lids_meet_in_proportion_to_the_drive(closure):
    for eye in lids.eyes(portrait.landmarks()):
        rows = np.arange(80.0, 125.0, 0.05)
        column = int(np.argmax(eye.lower - eye.upper))
        source = rows + eye.backward(rows, closure)[:, column]
        upper, lower = eye.upper[column], eye.lower[column]
        # What shows of the eyeball is what still comes from where it is.
        shown = rows[(source == rows) & (rows > upper) & (rows < lower)]
        visible = np.ptp(shown) if len(shown) else 0.0
        # Each lid hides another half pixel, its lashes, once it moves.
        lashes = 2 * lids.LASH if closure else 0.0
        assert visible == pytest.approx(
            max((1 - closure) * (lower - upper) - lashes, 0.0), abs=0.15
        )
        assert np.all(np.isfinite(source))


def test_faces_differ_but_keep_their_order():
    axes = portrait.FaceAxes.from_mesh(portrait.landmarks())
    uv = axes.to_face(portrait.landmarks())
    for sign in (-1.0, 1.0):
        shape = Shape(**{name: sign * spread for name, spread in SHAPE_SPREAD.items()})
        new = reshape(uv, shape)
        assert 0.02 < np.abs(new - reshape(uv, STILL)).max() < 0.25
        heights = new[[10, 159, 145, 1, 13, 14, 152], 1]
        assert np.all(np.diff(heights) > 0)
        assert new[61, 0] < new[0, 0] < new[291, 0]


def test_relaxed_mouth_is_narrower_and_a_full_smile_wider_than_the_portrait():
    points = sitter.sit(replace(LOOK, shape=STILL), reach=100.0).points
    old = portrait.landmarks()

    def width(mesh):
        axes = portrait.FaceAxes.from_mesh(mesh)
        return float(np.hypot(*(mesh[291] - mesh[61]))) / axes.unit

    full = points + fields.mouth_displacement(points)
    assert width(points) < 0.88 * width(old)
    assert width(full) > 1.02 * width(old)


def test_a_part_of_the_portrait_is_the_same_picture():
    near, whole = (sitter.sit(LOOK, reach=reach) for reach in (111.0, 111.5))
    left, top, side = near.part
    rows, columns = (slice(2 * first, 2 * (first + side)) for first in (top, left))
    assert near.texture.shape == (448, 448, 3) and whole.texture.shape == (1024, 1024, 3)
    assert np.array_equal(near.texture, whole.texture[rows, columns])
    assert np.array_equal(near.points, whole.points)
