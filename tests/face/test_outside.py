"""Regions of the face that lie outside the picture: by hand, and of mouths that an edge cuts."""

import numpy as np
import pytest

from duchenne.datasets.demo.plan import plan
from duchenne.datasets.demo.render import render
from duchenne.dmarkers.names import REGIONS as OF_FEATURES
from duchenne.face.detect.detector import open_detector
from duchenne.face.mesh.attention import AttentionMesh
from duchenne.face.outside import REGIONS, landmarks_of, outside, shares
from duchenne.face.topology import DLIB, MESH

SIZE = (200, 100)


def face(**moved: tuple[float, float]) -> np.ndarray:  # type: ignore[type-arg]
    """A face of points at the middle of the picture, (1, 478, 3), but for one point a region."""
    xyz = np.full((1, 478, 3), 50.0)
    for region, place in moved.items():
        xyz[0, landmarks_of(MESH)[region][-1], :2] = place
    return xyz


@pytest.mark.parametrize(
    ("moved", "out"),
    [
        ({}, [0, 0, 0]),
        ({"mouth": (50.0, 99.4)}, [0, 0, 0]),  # still in the last row of pixels
        ({"mouth": (50.0, 99.6)}, [0, 0, 1]),
        ({"cheeks": (-0.6, 50.0)}, [0, 1, 0]),
        ({"eyes": (199.6, 50.0), "mouth": (0.0, 0.0)}, [1, 0, 0]),
        ({"eyes": (50.0, -1.0), "cheeks": (200.0, 1.0)}, [1, 1, 0]),
    ],
)
def test_a_region_is_outside_if_one_of_its_points_is(moved, out):
    assert outside(face(**moved), SIZE, topology=MESH).astype(int).tolist() == [out]


def test_where_no_face_is_known_nothing_is_outside():
    assert not outside(np.full((2, 478, 3), np.nan), SIZE, topology=MESH).any()
    assert np.isnan(shares(np.zeros((2, 3), bool), np.zeros(2, bool))).all()
    assert shares(np.eye(3, dtype=bool), np.array([True, True, False])).tolist() == [0.5, 0.5, 0.0]


def test_landmarks_without_cheeks_have_none_outside():
    out = outside(np.full((1, 68, 3), -5.0), SIZE, topology=DLIB)
    assert dict(zip(REGIONS, out[0].tolist(), strict=True)) == {
        "eyes": True, "cheeks": False, "mouth": True,
    }  # fmt: skip


def test_signals_and_features_have_the_same_regions():
    assert REGIONS == OF_FEATURES


def test_a_mouth_that_the_edge_cuts_is_outside_or_measured_rightly():
    """Rendered faces of people that chose nothing, cut at heights around the mouth. Where lips are
    said to be inside, they are where the whole picture has them."""
    detect, mesh = open_detector("mediapipe"), AttentionMesh()
    lips, seen = landmarks_of(MESH)["mouth"], {False: 0, True: 0}
    for clip in plan(seed=91, subjects=4, clips_per_subject=2, size=256, kinds=("plain",))[::2]:
        [picture] = render(clip, times=[1.0])
        found = detect(picture)
        whole = mesh(picture, found.boxes[0], roll=found.rolls[0]).xyz
        between = np.linalg.norm(whole[263, :2] - whole[33, :2])
        for off in (-0.15, 0.0, 0.1, 0.2, 0.3):
            height = round(float(whole[[61, 291], 1].mean() + off * between))
            part = np.ascontiguousarray(picture[:height])
            found = detect(part)
            cut = mesh(part, found.boxes[0], roll=found.rolls[0]).xyz
            out = bool(outside(cut[None], (256, height), topology=MESH)[0, 2])
            seen[out] += 1
            beyond = (whole[list(lips), 1] > height - 0.5).any()
            assert out or not beyond
            if not out:
                off_by = np.linalg.norm((cut - whole)[[61, 291], :2], axis=1).max() / between
                assert off_by < 0.05
    assert min(seen.values()) >= 4
