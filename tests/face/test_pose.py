import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from duchenne.face.pose import frontal, pose_of
from duchenne.face.topology import DLIB, MESH
from tests.make.portraits import Array, flat_face, mesh_face

STEEP = st.floats(-75.0, 75.0)


def head(*, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Array:
    """The rotation of a head so turned; x right, y down, z away, right-handed turns."""
    turn = Rotation.from_euler("ZYX", (roll, -yaw, -pitch), degrees=True)
    return np.asarray(turn.as_matrix())


# Where the face looks (0, 0, -1), and which way its crown (0, -1, 0) leans, in the picture.
@pytest.mark.parametrize(
    ("turn", "looks", "crown"),
    [
        ({"yaw": 30.0}, "right", None),
        ({"yaw": -30.0}, "left", None),
        ({"pitch": 30.0}, "up", None),
        ({"pitch": -30.0}, "down", None),
        ({"roll": 30.0}, None, "right"),
        ({"roll": -30.0}, None, "left"),
    ],
    ids=str,
)
def test_signs(turn, looks, crown):
    turned = head(**turn)
    ways = {"right": (1.0, 0.0), "left": (-1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0)}
    for direction, way in (((0.0, 0.0, -1.0), looks), ((0.0, -1.0, 0.0), crown)):
        if way:
            assert (turned @ direction)[:2] @ ways[way] == pytest.approx(0.5)
    pose = pose_of(turned.T[None])
    found = {"yaw": pose.yaw[0], "pitch": pose.pitch[0], "roll": pose.roll[0]}
    assert found == pytest.approx({"yaw": 0.0, "pitch": 0.0, "roll": 0.0} | turn, abs=1e-9)


def test_the_last_digits_do_not_depend_on_where_in_memory_the_result_lies(
    monkeypatch: pytest.MonkeyPatch,
):
    """numpy's arc tangent of a column differs where the result lies right behind it; here it does,
    as once in some hundred clips."""
    heads = Rotation.random(95, random_state=0).as_matrix()
    plain = pose_of(heads)
    arctan2 = np.arctan2

    def behind(rise: Array, run: Array) -> Array:
        """The arc tangent, put right behind the columns that it is given."""
        if rise.flags.contiguous:
            return np.asarray(arctan2(rise, run))
        memory = np.empty(heads.size + len(heads))
        turns = memory[: heads.size].reshape(heads.shape)
        turns[:] = heads
        return np.asarray(arctan2(turns[:, 1, 2], turns[:, 2, 2], out=memory[heads.size :]))

    monkeypatch.setattr(np, "arctan2", behind)
    assert pose_of(heads).pitch.tobytes() == plain.pitch.tobytes()


@given(yaw=STEEP, pitch=STEEP, roll=st.floats(-175.0, 175.0))
def test_angles_are_found_again_and_the_camera_changes_roll_alone(yaw, pitch, roll):
    pose = pose_of(head(yaw=yaw, pitch=pitch, roll=roll).T[None])
    assert (pose.yaw[0], pose.pitch[0], pose.roll[0]) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_a_mirrored_head_has_the_opposite_yaw_and_roll():
    mirror = np.diag((-1.0, 1.0, 1.0))
    pose = pose_of((mirror @ head(yaw=20.0, pitch=10.0, roll=5.0) @ mirror).T[None])
    assert (pose.yaw[0], pose.pitch[0], pose.roll[0]) == pytest.approx((-20.0, 10.0, -5.0))


@given(yaw=STEEP, pitch=STEEP, roll=st.floats(-175.0, 175.0), size=st.floats(20.0, 900.0))
@settings(max_examples=30, deadline=None)
def test_any_view_of_a_face_comes_to_the_same_front(yaw, pitch, roll, size):
    seen = size * mesh_face() @ head(yaw=yaw, pitch=pitch, roll=roll).T + (300.0, 200.0, 10.0)
    assert frontal(seen[None], topology=MESH)[0] == pytest.approx(mesh_face(), abs=1e-9)


@pytest.mark.parametrize(("face", "topology"), [(mesh_face, MESH), (flat_face, DLIB)])
def test_the_front_is_level_centred_and_of_unit_size(face, topology):
    right, left = topology.eye_centres(face())
    assert (right + left) / 2.0 == pytest.approx(np.zeros(3), abs=0.01)
    assert np.linalg.norm(left - right) == pytest.approx(1.0, abs=1e-3)
    assert (left - right)[1:] == pytest.approx((0.0, 0.0), abs=0.03)


def test_a_face_that_looks_ahead_is_left_as_it_is():
    """The lean of the plane is anatomy: without it the portrait would be seen from below."""
    front = mesh_face()
    brow_to_chin = front[152] - front[9]
    assert abs(np.degrees(np.arctan2(brow_to_chin[2], brow_to_chin[1]))) < 20.0


def test_misread_eye_corners_do_not_decide_alone_which_way_is_up():
    """Both corners of one eye too low by 0.03 would tilt the eyes' own line by 1.7 degrees."""
    misread = mesh_face().copy()
    misread[[33, 133], 1] += 0.03
    before, after = mesh_face(), frontal(misread[None], topology=MESH)[0]
    tilts = [np.degrees(np.arctan2(*(face[152] - face[10])[:2])) for face in (before, after)]
    assert abs(tilts[1] - tilts[0]) < 1.0


def test_what_has_no_front_is_nan():
    assert np.isnan(frontal(np.full((1, 478, 3), 7.0), topology=MESH)).all()
    assert np.isnan(frontal(np.zeros((1, 68, 3)), topology=DLIB)).all()
