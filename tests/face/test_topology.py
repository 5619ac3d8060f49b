"""Every fact about a numbering, held against a face or against MediaPipe's own connection sets."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from duchenne.errors import Unusable
from duchenne.face import topology
from duchenne.face.topology import (
    DLIB,
    LEGACY_LIP_CORNERS,
    MESH,
    MESH_OF_DLIB,
    Outline,
    Sides,
    Topology,
    at,
)
from tests.make.portraits import Array, flat_face, mesh_face

SIDED = [
    "outer_corners",
    "inner_corners",
    "upper_lids",
    "lower_lids",
    "lip_corners",
    "cheeks",
]
BOTH = pytest.mark.parametrize("face", [MESH, DLIB], ids=["mesh", "dlib"])


def faces(face: Topology) -> Array:
    """The portrait from the front, (N, 3) in inter-ocular units."""
    return mesh_face() if face is MESH else flat_face()


def undirected(edges: Iterable[tuple[int, int]]) -> set[frozenset[int]]:
    return {frozenset(edge) for edge in edges}


def mirrored(edges: set[frozenset[int]]) -> set[frozenset[int]]:
    return {frozenset(MESH.mirror[point] for point in edge) for edge in edges}


@BOTH
def test_a_mirror_image_mirrored_is_the_face_itself(face: Topology):
    mirror = np.array(face.mirror)
    assert sorted(mirror) == list(range(face.points))
    assert np.array_equal(mirror[mirror], np.arange(face.points))


@BOTH
def test_mirror_pairs_mirror_on_a_frontal_face(face: Topology):
    front = faces(face)
    off = np.linalg.norm(front[list(face.mirror)] * (-1.0, 1.0, 1.0) - front, axis=1)
    assert np.median(off) < 0.02
    assert off.max() < 0.08


def test_geometry_alone_finds_the_same_pairs():
    """Of all ways to pair a frontal face with its mirror image, the nearest is ours."""
    surface = faces(MESH)[:468]
    _, nearest = linear_sum_assignment(cdist(surface * (-1.0, 1.0, 1.0), surface))
    assert np.array_equal(nearest, MESH.mirror[:468])


def test_irises_pair_their_own_points():
    for point in range(468, 473):
        assert MESH.mirror[point] in range(473, 478)
    front = faces(MESH)
    for points in (front[468:473], front[473:478]):
        to_right, top, to_left, bottom = points[1:] - points[0]
        assert to_right[0] > 0.05 > abs(to_right[1])
        assert to_left[0] < -0.05 < -abs(to_left[1])
        assert top[1] < -0.05 < -abs(top[0])
        assert bottom[1] > 0.05 > abs(bottom[0])
    for centre, eye in zip((468, 473), MESH.eye_centres(front), strict=True):
        assert np.linalg.norm(front[centre] - eye) < 0.15


@BOTH
@pytest.mark.parametrize("role", SIDED)
def test_right_and_left_are_the_subjects(face: Topology, role: str):
    sides: Sides | None = getattr(face, role)
    if sides is None:
        assert (face, role) == (DLIB, "cheeks")
        return
    assert {face.mirror[point] for point in sides.right} == set(sides.left)
    front = faces(face)
    assert at(front, sides.right)[0] < -0.1 < 0.1 < at(front, sides.left)[0]


def test_both_numberings_mean_the_same_places():
    mesh, dlib = faces(MESH), faces(DLIB)
    for role in SIDED[:-1]:
        for side in ("right", "left"):
            there = at(mesh, getattr(getattr(MESH, role), side))
            here = at(dlib, getattr(getattr(DLIB, role), side))
            assert np.linalg.norm((there - here)[:2]) < 0.06, role


def in_the_mesh(dlib: Iterable[int]) -> list[int]:
    return [MESH_OF_DLIB[point] for point in dlib]


def test_dlibs_points_are_as_many_of_the_mesh_and_mirror_alike():
    assert len(set(MESH_OF_DLIB)) == len(MESH_OF_DLIB) == 68
    assert in_the_mesh(DLIB.mirror) == [MESH.mirror[point] for point in MESH_OF_DLIB]


@pytest.mark.parametrize("role", ["outer_corners", "inner_corners", "lip_corners"])
def test_corners_are_the_same_landmarks_in_both_numberings(role: str):
    dlib, mesh = getattr(DLIB, role), getattr(MESH, role)
    assert (in_the_mesh(dlib.right), in_the_mesh(dlib.left)) == ([*mesh.right], [*mesh.left])


SHARED = [line for line in DLIB.outlines if line.name not in {"nose_bridge", "nostrils"}]


@pytest.mark.parametrize("line", SHARED, ids=lambda line: line.name)
def test_dlibs_outlines_run_once_along_those_of_the_mesh(line: Outline):
    ring = next(other.path for other in MESH.outlines if other.name == line.name)[:-1]
    steps = np.diff([ring.index(point) for point in in_the_mesh(line.path)])
    way = min((steps % len(ring)).sum(), (-steps % len(ring)).sum())  # in either direction
    assert way == len(ring) if line.path[0] == line.path[-1] else way < len(ring)


def test_dlibs_nose_runs_down_the_mid_line_to_the_tip_and_across_the_nostrils():
    front, bridge, nostrils = faces(MESH), in_the_mesh(range(27, 31)), in_the_mesh(range(31, 36))
    assert all(MESH.mirror[point] == point for point in bridge)
    assert (np.diff(front[bridge, 1]) > 0.1).all()
    assert np.linalg.norm(front[bridge[-1]] - at(front, MESH.nose_tip)) < 0.15
    assert (np.diff(front[nostrils, 0]) > 0.05).all()
    assert front[nostrils, 1].min() > front[bridge[-1], 1]


@BOTH
def test_roles_lie_where_they_are_called(face: Topology):
    front = faces(face)
    y = {role: at(front, sides.right)[1] for role in SIDED if (sides := getattr(face, role))}
    assert y["upper_lids"] < 0.0 < y["lower_lids"]
    assert at(front, face.outer_corners.right)[0] < at(front, face.inner_corners.right)[0]
    assert y["lower_lids"] < at(front, face.nose_tip)[1] < y["lip_corners"]
    if face.cheeks:
        assert y["lower_lids"] < y["cheeks"] < y["lip_corners"]
        assert front[face.nose_tip[0], 2] == pytest.approx(front[:, 2].min(), abs=0.05)


def test_the_published_lip_corners_are_not_a_pair():
    (right,), (left,) = LEGACY_LIP_CORNERS.right, LEGACY_LIP_CORNERS.left
    assert (right, left) == (62, 308)
    assert MESH.mirror[right] != left
    front = faces(MESH)
    wide = abs(front[61, 0] - front[291, 0])
    assert abs(front[right, 0] - front[left, 0]) < 0.95 * wide


@BOTH
def test_rigid_points_are_symmetric_and_lie_above_all_that_smiles(face: Topology):
    assert {face.mirror[point] for point in face.rigid} == set(face.rigid)
    front = faces(face)
    moving = [point for line in face.outlines if "lips" in line.name for point in line.path]
    assert front[list(face.rigid), 1].max() < 0.3 < front[moving, 1].min()


@BOTH
def test_rigid_points_span_the_space_that_they_are_to_fix(face: Topology):
    spread = np.linalg.svd(faces(face)[list(face.rigid)] - faces(face)[list(face.rigid)].mean(0))[1]
    assert spread[1] / spread[0] > (0.2 if face is MESH else 0.1)


@BOTH
def test_outlines_join_neighbours(face: Topology):
    front = faces(face)[:, :2]
    for line in face.outlines:
        steps = [np.linalg.norm(front[a] - front[b]) for a, b in line.edges]
        assert max(steps) < (0.35 if face is MESH else 0.5), line.name


@pytest.mark.filterwarnings("default")  # mediapipe's own, of protobuf
def test_outlines_are_the_meshs_own_connections():
    sets = pytest.importorskip("mediapipe.python.solutions.face_mesh_connections")
    ours = {line.name: undirected(line.edges) for line in MESH.outlines}
    theirs = {
        "right_eye": sets.FACEMESH_RIGHT_EYE,
        "left_eye": sets.FACEMESH_LEFT_EYE,
        "right_iris": sets.FACEMESH_RIGHT_IRIS,
        "left_iris": sets.FACEMESH_LEFT_IRIS,
        "face": sets.FACEMESH_FACE_OVAL,
    }
    for name, edges in theirs.items():
        assert ours[name] == undirected(edges), name
    assert ours["outer_lips"] | ours["inner_lips"] == undirected(sets.FACEMESH_LIPS)
    for side, edges in (
        ("right", sets.FACEMESH_RIGHT_EYEBROW),
        ("left", sets.FACEMESH_LEFT_EYEBROW),
    ):
        assert undirected(edges) < ours[f"{side}_brow"]  # theirs are two open lines, ours a ring


@pytest.mark.filterwarnings("default")
def test_mirroring_maps_the_meshs_edges_onto_edges():
    """But for three pairs of triangles that the mesh itself cuts along the other diagonal."""
    sets = pytest.importorskip("mediapipe.python.solutions.face_mesh_connections")
    edges = undirected(sets.FACEMESH_TESSELATION)
    odd = edges - mirrored(edges)
    assert odd == {
        frozenset(pair)
        for pair in ((75, 166), (79, 238), (161, 247), (250, 459), (260, 466), (289, 290))
    }
    for edge in odd:
        corners = [p for p in range(468) if all(frozenset((p, end)) in edges for end in edge)]
        other_diagonals = undirected(combinations(corners, 2))
        assert other_diagonals & mirrored(edges), edge


def test_other_numbers_of_landmarks_are_refused_by_name():
    assert topology.with_points(478) is MESH
    assert topology.with_points(68) is DLIB
    with pytest.raises(Unusable, match="a face of 5 landmarks; known are 478 and 68"):
        topology.with_points(5)
