"""Rendered smiles through the real face mesh: what was done to the face is what is measured."""

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from duchenne.datasets.demo import ClipPlan, View, plan, render
from duchenne.datasets.demo.portrait import Image
from duchenne.face import normalize, quality
from duchenne.face.normalize import Normalised
from duchenne.face.topology import MESH, Sides, at
from tests.make.portraits import Array

pytestmark = pytest.mark.filterwarnings("default")  # mediapipe's own, of protobuf

CLIP = next(
    clip
    for clip in plan(seed=0, subjects=12, clips_per_subject=4, size=320)
    if clip.look.mirrored and clip.blinks
)
VIEWS = {
    "shifted": View(right=0.1, down=0.06),
    "half": View(size=CLIP.size // 2),
    "double": View(size=CLIP.size * 2),
    "rolled right": View(roll=20.0),
    "rolled left": View(roll=-20.0),
    "mirrored": View(mirrored=True),
}
SOME = CLIP.times()[::10]


@pytest.fixture(scope="module")
def mesh():
    face_mesh = pytest.importorskip("mediapipe.python.solutions.face_mesh")
    with face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as model:
        yield model


def seen(mesh, pictures: Iterable[Image]) -> Array:
    """Landmarks (T, 478, 3) in isotropic px."""
    clip = []
    for picture in pictures:
        (face,) = mesh.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).multi_face_landmarks
        clip.append([(point.x, point.y, point.z) for point in face.landmark])
    height, width = picture.shape[:2]
    return np.asarray(np.array(clip, dtype=np.float32) * np.array((width, height, width)))


def filmed(mesh, clip: ClipPlan, times: Array, view: View | None = None) -> Normalised:
    xyz = seen(mesh, render(clip, times=times, view=view))
    return normalize.rigid(xyz, times, topology=MESH, neutral_s=0.5, max_gap=0.2)


@pytest.fixture(scope="module")
def whole(mesh) -> Normalised:
    """Every second frame of the clip."""
    return filmed(mesh, CLIP, CLIP.times()[::2])


@pytest.fixture(scope="module")
def plain(mesh) -> Normalised:
    return filmed(mesh, CLIP, SOME)


def distance(xyz: Array, one: Sides, other: Sides | None = None) -> Array:
    """Between right and left of a role; or between two roles, summed over both sides."""
    if other is None:
        return np.asarray(np.linalg.norm(at(xyz, one.right) - at(xyz, one.left), axis=-1))
    sides = ((one.right, other.right), (one.left, other.left))
    both = [np.linalg.norm(at(xyz, a) - at(xyz, b), axis=-1) for a, b in sides]
    return np.asarray(both[0] + both[1])


def test_landmarks_follow_the_true_drives(whole: Normalised):
    truth = CLIP.drives(CLIP.times()[::2])
    lips = distance(whole.xyz, MESH.lip_corners)
    lids = distance(whole.xyz, MESH.upper_lids, MESH.lower_lids)
    assert np.corrcoef(lips, truth.lip)[0, 1] > 0.98
    assert np.corrcoef(lids, truth.eyelid)[0, 1] < -0.93
    assert np.corrcoef(whole.pose.roll, CLIP.head.roll.at(CLIP.times()[::2]))[0, 1] > 0.9


@pytest.mark.parametrize("name", VIEWS)
def test_the_view_changes_landmarks_by_less_than_two_hundredths(mesh, plain, name: str):
    xyz = filmed(mesh, CLIP, SOME, VIEWS[name]).xyz
    if VIEWS[name].mirrored:
        xyz = xyz[:, MESH.mirror] * (-1.0, 1.0, 1.0)
    assert np.median(np.linalg.norm(xyz - plain.xyz, axis=-1)) < 0.02


@pytest.mark.parametrize("name", ["rolled right", "rolled left"])
def test_a_rolled_camera_is_seen_as_roll(mesh, plain, name: str):
    rolled = filmed(mesh, CLIP, SOME, VIEWS[name])
    turned = np.median(rolled.pose.roll - plain.pose.roll)
    assert turned == pytest.approx(VIEWS[name].roll, abs=1.0)


def test_a_good_clip_passes(whole: Normalised):
    limits = quality.Limits(
        min_seen=0.9,
        max_gap=0.5,
        max_yaw=40.0,
        max_pitch=35.0,
        max_roll=45.0,
        min_size=40.0,
        max_jitter=0.01,
        max_outside=0.1,
    )
    times = CLIP.times()[::2]
    boxes = np.tile((90.0, 60.0, 230.0, 240.0), (len(times), 1))
    out = np.zeros((len(times), 3), bool)
    sights = quality.Sights(boxes, out, np.ones(len(times)))
    found = quality.measure(whole, times, sights, topology=MESH)
    assert found.verdict(limits) is None
    assert max(found.yaw, found.pitch, found.roll) < 10.0
    assert found.jitter < 0.004
