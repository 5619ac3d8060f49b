"""One clip through the real face mesh: what was rendered is what can be measured."""

import cv2
import numpy as np
import pytest

from duchenne.datasets.demo import plan, portrait, render

CLIP = next(
    clip
    for clip in plan(seed=0, subjects=12, clips_per_subject=4, size=320)
    if clip.look.mirrored and clip.blinks
)


@pytest.fixture(scope="module")
def mesh():
    """Mesh points of every second frame, in the face's own axes, (T, 478, 2)."""
    face_mesh = pytest.importorskip("mediapipe.python.solutions.face_mesh")
    points = []
    with face_mesh.FaceMesh(refine_landmarks=True) as model:
        for frame in render(CLIP, times=CLIP.times()[::2]):
            faces = model.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)).multi_face_landmarks
            shares = [(point.x, point.y) for point in faces[0].landmark]
            xy = np.array(shares, dtype=np.float64) * CLIP.size
            points.append(portrait.FaceAxes.from_mesh(xy).to_face(xy))
    return np.array(points)


def distance(mesh, a, b):
    return np.linalg.norm(mesh[:, a] - mesh[:, b], axis=1)


def correlation(measured, drive):
    return np.corrcoef(measured, drive)[0, 1]


@pytest.mark.filterwarnings("default")  # mediapipe's own, of protobuf
def test_measured_signals_follow_the_drives(mesh):
    drives = CLIP.drives(CLIP.times()[::2])
    opening = distance(mesh, 159, 145) + distance(mesh, 386, 374)
    centre = (mesh[0, 50] + mesh[0, 280]) / 2.0
    cheeks = sum(np.linalg.norm(mesh[:, point] - centre, axis=1) for point in (50, 280))
    assert correlation(distance(mesh, 61, 291), drives.lip) > 0.98
    assert correlation(opening, drives.eyelid) < -0.93
    assert correlation(cheeks, drives.cheek) > 0.95
