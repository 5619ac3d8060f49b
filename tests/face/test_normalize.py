"""Known movements of known landmarks: what is the head's goes, what is the face's stays."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from duchenne.face import normalize, similarity
from duchenne.face.normalize import Normalised
from duchenne.face.topology import DLIB, MESH, Topology
from tests.make.portraits import Array, flat_face, mesh_face

BOTH = pytest.mark.parametrize("face", [MESH, DLIB], ids=["mesh", "dlib"])


def front(face: Topology) -> Array:
    return mesh_face() if face is MESH else flat_face()


def rigid(xyz: Array, *, face: Topology, times: Array | None = None) -> Normalised:
    at = np.arange(len(xyz)) / 25.0 if times is None else times
    return normalize.rigid(xyz.astype(np.float32), at, topology=face, neutral_s=0.2, max_gap=0.12)


def filmed(faces: Array, *, face: Topology, seed: int = 0) -> Array:
    """Faces (T, N, 3) of a head that moves at random from frame to frame, in px."""
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-40.0, 40.0, (len(faces), 3))
    if face.flat:
        angles[:, 1:] = 0.0
    turns = Rotation.from_euler("ZYX", angles, degrees=True).as_matrix()
    sizes = rng.uniform(40.0, 160.0, (len(faces), 1, 1))
    shifts = rng.uniform(0.0, 900.0, (len(faces), 1, 3)) * (1.0, 1.0, not face.flat)
    return np.asarray(sizes * faces @ np.swapaxes(turns, 1, 2) + shifts)


def smiling(face: Topology, *, frames: int = 40) -> Array:
    """Faces (T, N, 3) whose every movable point wanders after a neutral half-second."""
    rng = np.random.default_rng(1)
    drive = np.clip(np.arange(frames) / 25.0 - 0.5, 0.0, 1.0)[:, None, None]
    move = rng.normal(0.0, 0.3, (1, face.points, 3)) * (1.0, 1.0, not face.flat)
    move[:, face.rigid] = 0.0
    return np.asarray(front(face) + drive * move)


@BOTH
def test_head_motion_is_undone_and_expression_kept(face: Topology):
    faces = smiling(face)
    out = rigid(filmed(faces, face=face), face=face)
    assert np.abs(out.xyz - faces).max() < 1e-5
    assert out.xyz.dtype == np.float32
    assert out.residual.max() < 1e-5
    assert not out.filled.any()


@given(seed=st.integers(0, 2**32 - 1), size=st.floats(0.1, 10.0))
@settings(max_examples=10, deadline=None)
def test_size_place_and_turn_of_a_film_change_nothing(seed, size):
    faces = smiling(MESH, frames=20)
    plain = rigid(100.0 * faces, face=MESH)
    moved = rigid(size * filmed(faces, face=MESH, seed=seed), face=MESH)
    assert moved.xyz == pytest.approx(plain.xyz, abs=2e-5)


@BOTH
def test_a_mirrored_film_gives_mirrored_landmarks(face: Topology):
    film = filmed(smiling(face), face=face)
    mirrored = (film * (-1.0, 1.0, 1.0))[:, face.mirror]
    plain, other = rigid(film, face=face), rigid(mirrored, face=face)
    assert other.xyz[:, face.mirror] * (-1.0, 1.0, 1.0) == pytest.approx(plain.xyz, abs=2e-5)
    assert other.pose.roll == pytest.approx(-plain.pose.roll, abs=1e-3)


def test_pose_and_scale_are_those_of_the_film():
    angles = {"yaw": 20.0, "pitch": -10.0, "roll": 7.0}
    turn = Rotation.from_euler("ZYX", (7.0, -20.0, 10.0), degrees=True).as_matrix()
    out = rigid(np.tile(80.0 * mesh_face() @ turn.T + 200.0, (3, 1, 1)), face=MESH)
    for name, angle in angles.items():
        assert getattr(out.pose, name) == pytest.approx(angle, abs=1e-3)
    assert out.scale == pytest.approx(80.0, rel=1e-5)


def test_flat_landmarks_show_roll_alone_and_stay_flat():
    out = rigid(filmed(smiling(DLIB), face=DLIB), face=DLIB)
    assert np.isnan(out.pose.yaw).all()
    assert np.isnan(out.pose.pitch).all()
    assert np.isfinite(out.pose.roll).all()
    assert (out.xyz[..., 2] == 0.0).all()


def test_one_misread_neutral_frame_does_not_bend_the_reference():
    faces = np.tile(mesh_face(), (10, 1, 1))
    film = 100.0 * faces
    film[2, 100:300] += 40.0
    film[2, MESH.rigid[:5]] -= 30.0
    out = rigid(film, face=MESH)
    assert np.abs(np.delete(out.xyz - faces, 2, axis=0)).max() < 1e-3


def test_the_neutral_face_is_taken_by_time():
    """A second film with twice the frames has the same reference, so the same landmarks."""
    times = np.arange(0.0, 2.0, 0.02)
    film = filmed(smiling(MESH, frames=len(times)), face=MESH)
    film += np.random.default_rng(5).normal(0.0, 0.3, film.shape)
    late = times + 7.0
    assert rigid(film, face=MESH, times=late).xyz == pytest.approx(
        rigid(film, face=MESH, times=times).xyz, abs=1e-6
    )
    first = rigid(film[:11], face=MESH, times=times[:11]).xyz  # 0.2 s: all that the reference sees
    assert rigid(film, face=MESH, times=times).xyz[:11] == pytest.approx(first, abs=1e-6)


def test_frames_without_a_face_stay_without():
    faces = smiling(MESH)
    film = filmed(faces, face=MESH)
    film[:3] = np.nan  # the reference starts with the first face
    film[10:12] = np.nan
    film[20:30] = np.nan
    film[35, 200] = np.nan  # part of a face is no face
    out = rigid(film, face=MESH)
    assert np.flatnonzero(~out.seen).tolist() == [0, 1, 2, 10, 11, *range(20, 30), 35]
    assert np.flatnonzero(out.filled).tolist() == [10, 11, 35]
    missing = ~out.seen & ~out.filled
    assert np.isnan(out.xyz[missing]).all()
    assert np.isfinite(out.xyz[~missing]).all()
    for measure in (out.pose.yaw, out.pose.pitch, out.pose.roll, out.scale, out.residual):
        assert np.array_equal(np.isnan(measure), ~out.seen)
    straight = np.linspace(out.xyz[9], out.xyz[12], 4)[1:3]
    assert out.xyz[10:12] == pytest.approx(straight, abs=1e-6)


@BOTH
@pytest.mark.parametrize(
    "shape",
    [
        np.zeros_like,
        lambda points: np.full_like(points, 7.0),
        lambda points: points * (1.0, 0.0, 0.0) if points[:, 2].any() else points * 0.0,
        lambda points: np.full_like(points, np.nan),
    ],
    ids=["nothing", "one place", "a line", "missing"],
)
def test_what_is_no_face_becomes_nan_and_hurts_no_other_frame(face: Topology, shape):
    faces = np.tile(front(face), (8, 1, 1))
    film = 100.0 * faces
    film[[0, 5]] = shape(film[0])
    out = rigid(film, face=face)
    assert np.flatnonzero(~out.seen).tolist() == [0, 5]
    assert np.isnan(out.xyz[0]).all()
    assert np.abs(out.xyz[1:] - faces[1:]).max() < 1e-5


@BOTH
@pytest.mark.parametrize("frames", [0, 1, 2, 3])
@pytest.mark.parametrize("fill", [1.0, np.nan, 0.0])
def test_clips_of_few_frames_or_none_with_a_face(face: Topology, frames: int, fill: float):
    out = rigid(np.tile(100.0 * fill * front(face), (frames, 1, 1)), face=face)
    assert out.xyz.shape == (frames, face.points, 3)
    assert out.seen.all() == (fill == 1.0 or not frames)
    assert np.isfinite(out.xyz).all() == out.seen.all()


def test_the_same_film_gives_the_same_bits():
    film = filmed(smiling(MESH), face=MESH)
    assert rigid(film, face=MESH).xyz.tobytes() == rigid(film, face=MESH).xyz.tobytes()


@BOTH
def test_no_turn_is_ever_a_mirror_image(face: Topology):
    """Even where a mirror image would fit better, which is how a wrong mesh looks."""
    target = front(face)[list(face.rigid)]
    mirrored = (target * (-1.0, 1.0, 1.0))[None]
    turn = similarity.fit(mirrored, target, flat=face.flat).rotation
    assert np.linalg.det(turn) == pytest.approx([1.0])


def test_minmax_is_the_published_formula():
    """At the published extremes of a 640 × 480 picture it gives 0 and 1, whatever the pose."""
    low, high = (0.06372425, 0.05751023, -0.08976112), (0.63246971, 1.01475966, 0.14436169)
    film = filmed(smiling(MESH), face=MESH)
    film[4, 10] = np.array(low) * (640, 480, 640)
    film[4, 20] = np.array(high) * (640, 480, 640)
    film[8] = np.nan
    out = normalize.minmax(
        film,
        np.arange(len(film)) / 25.0,
        size=(640, 480),
        topology=MESH,
        neutral_s=0.2,
        max_gap=0.1,
    )
    assert out.xyz[4, 10] == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    assert out.xyz[4, 20] == pytest.approx((1.0, 1.0, 1.0), abs=1e-6)
    assert out.filled.nonzero()[0].tolist() == [8]
    assert out.xyz[8] == pytest.approx((out.xyz[7] + out.xyz[9]) / 2.0, abs=1e-5)
    measured = rigid(film, face=MESH)
    assert out.scale == pytest.approx(measured.scale, nan_ok=True)
    for field in dataclasses.fields(measured.pose):
        here, there = getattr(out.pose, field.name), getattr(measured.pose, field.name)
        assert here == pytest.approx(there, nan_ok=True, abs=1e-4)
