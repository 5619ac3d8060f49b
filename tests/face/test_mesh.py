import hashlib
import subprocess
import sys
from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest
from mediapipe.framework.formats.landmark_pb2 import NormalizedLandmarkList

from duchenne.datasets.demo import View
from duchenne.errors import ParamsError
from duchenne.face.crop import Crop
from duchenne.face.mesh.attention import shares_of
from duchenne.face.mesh.dlib68 import predictor_path
from duchenne.face.mesh.open import MESHES, open_mesh, weights_of
from tests.make.people import (
    PAIRS,
    Array,
    Pixels,
    detector,
    mesher,
    only,
    points,
    scene,
    sitter,
    unit,
)

EVERY = slice(None)
CORNERS = [33, 133, 362, 263, 61, 291, 1, 152]


def away(found: Array, expected: Array, only: list[int] | slice = EVERY) -> float:
    """Median distance of points in % of the distance between the eyes, across the picture."""
    distance = np.linalg.norm((found - expected)[only, :2], axis=1)
    return float(100 * np.median(distance) / unit(expected))


@pytest.mark.parametrize("more", [{}, {"visibility": 0.5}], ids=["xyz alone", "and visibility"])
@pytest.mark.parametrize("count", [0, 1, 478])
def test_landmarks_are_read_from_the_wire(count, more):
    message, wanted = NormalizedLandmarkList(), np.arange(count * 3).reshape(-1, 3) / 7 - 3
    for x, y, z in wanted:
        message.landmark.add(x=x, y=y, z=z, **more)
    assert shares_of(message).tolist() == wanted.astype(np.float32).tolist()


class Unasked(list[None]):
    """Landmarks that may be counted, and not asked one by one."""

    def __iter__(self):
        raise AssertionError


def test_landmarks_are_not_asked_one_by_one():
    message = NormalizedLandmarkList()
    message.landmark.add(x=1.0, y=2.0, z=3.0)
    quick = SimpleNamespace(SerializeToString=message.SerializeToString, landmark=Unasked([None]))
    assert shares_of(quick).tolist() == [[1, 2, 3]]


def test_landmarks_of_which_some_lack_what_others_have_too_much():
    """So many bytes as if each had three numbers."""
    message = NormalizedLandmarkList()
    message.landmark.add(x=1.0, y=2.0)
    message.landmark.add(x=3.0, y=4.0, z=5.0, visibility=6.0)
    assert shares_of(message).tolist() == [[1, 2, 0], [3, 4, 5]]


def test_shapes_units_and_order():
    frame = sitter()
    box, roll = only(detector()(frame))
    found = mesher()(frame, box, roll=roll)
    xyz = found.xyz
    assert xyz.shape == (mesher().points, 3) == (478, 3)
    assert xyz.dtype == np.float32
    assert 0.99 < found.confidence <= 1
    width = box[2] - box[0]
    assert xyz[33, 0] < xyz[133, 0] < xyz[1, 0] < xyz[362, 0] < xyz[263, 0]  # left to right
    assert xyz[159, 1] < xyz[145, 1] < xyz[1, 1] < xyz[13, 1] < xyz[152, 1]  # downwards
    assert xyz[1, 2] < xyz[33, 2] < xyz[234, 2]  # the nose is nearest, the ear furthest
    assert xyz[468, :2] == pytest.approx(xyz[[33, 133], :2].mean(axis=0), abs=0.05 * width)
    assert xyz[473, :2] == pytest.approx(xyz[[362, 263], :2].mean(axis=0), abs=0.05 * width)


@pytest.mark.parametrize(
    ("scale", "limit"), [(0.25, 3.0), (0.5, 1.0), (0.77, 1.0), (1.9, 1.0)], ids=str
)
def test_points_scale_with_the_picture(scale, limit):
    """By one factor and no offset: coordinates count from the picture's corner."""
    frame = sitter(size=640)
    side = round(640 * scale)
    other = cast(Pixels, cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA))
    found, expected = points(other) * 640 / side, points(frame)
    assert away(found, expected) < limit
    assert np.median(found - expected, axis=0)[:2] / unit(expected) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    "view",
    [View(roll=20), View(roll=-20), View(right=0.1, down=-0.05), View(scale=0.5)],
    ids=["clockwise", "back", "shifted", "half"],
)
def test_points_follow_the_view(view):
    """Up to a similarity the points are those of the plain view."""
    found, expected = points(sitter(view)), points(sitter())
    one, other = found[:, :2].copy(), expected[:, :2].copy()
    turn, _ = cv2.estimateAffinePartial2D(one, other, method=cv2.LMEDS)
    assert away(one @ turn[:, :2].T + turn[:, 2], other) < 1


def test_a_mirrored_picture_has_mirrored_points():
    """No side is favoured: half a pixel of the crop would be 1 % here."""
    frame = sitter()
    plain, mirror = points(frame), points(np.ascontiguousarray(frame[:, ::-1]))
    right, left = (list(side) for side in zip(*PAIRS, strict=True))
    back = np.full_like(plain, np.nan)
    back[right + left] = mirror[left + right] * (-1, 1, 1) + (frame.shape[1], 0, 0)
    assert away(back, plain, right + left) < 2
    shift = np.mean((back - plain)[right + left, :2], axis=0) / unit(plain)
    assert shift == pytest.approx(0, abs=0.015)


def test_a_small_face_keeps_its_shape():
    found = points(scene([(200, 150, 80)]))
    small = (points(sitter()) - 160) / 4 + (200, 150, 0)
    assert away(found, small, CORNERS) < 6


@pytest.mark.parametrize("size", [(641, 357), (333, 359)], ids=str)
def test_odd_sizes(size):
    assert away(points(scene([(170, 180, 240)], size=size)), points(scene([(170, 180, 240)]))) < 1.5


def test_a_face_half_outside_the_frame():
    frame = sitter()
    box, roll = only(detector()(frame))
    left = int(points(frame)[1, 0])  # cut through the nose
    found = mesher()(frame[:, left:], box - (left, 0, left, 0), roll=roll).xyz.astype(np.float64)
    assert away(found, points(frame) - (left, 0, 0), [362, 263, 291]) < 20


@pytest.mark.parametrize(
    "box", [(np.nan,) * 4, (10, 10, 10, 10), (0, 0, np.nan, 5)], ids=["nan", "empty", "half nan"]
)
def test_no_box_no_points(box):
    found = mesher()(sitter(), box)
    assert np.isnan(found.xyz).all()
    assert np.isnan(found.confidence)


def test_a_box_without_a_face_has_a_low_confidence_and_no_points():
    found = mesher()(np.full((90, 160, 3), 128, np.uint8), (40, 20, 90, 70))
    assert np.isnan(found.xyz).all()
    assert 0 <= found.confidence < 0.5


PROGRAM = """
import hashlib
from tests.make.people import points, sitter
print(hashlib.sha256(points(sitter()).tobytes()).hexdigest())
"""


def test_equal_bits_whatever_came_between_and_in_another_process():
    frame = sitter()
    first = points(frame)
    points(scene([(300, 200, 100)]))
    assert points(frame).tobytes() == first.tobytes()
    box, roll = only(detector()(frame))
    fresh = open_mesh("attention-mesh")(frame, box, roll=roll).xyz.astype(np.float64)
    assert fresh.tobytes() == first.tobytes()
    command = [sys.executable, "-c", PROGRAM]
    environment = {"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "7"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(first.tobytes()).hexdigest()
    assert done.stderr == ""  # MediaPipe's chatter is held back


@pytest.mark.parametrize("roll", [0.0, 33.0, -120.0])
def test_a_crop_and_its_way_back(roll):
    """A blob is cut into the middle of the crop, and that leads back to the blob."""
    frame = np.zeros((90, 120, 3), np.uint8)
    cv2.circle(frame, (70, 40), 6, (255, 255, 255), -1)  # the centre of that pixel is 70.5, 40.5
    crop = Crop(66.0, 37.0, 48.0, roll)
    cut = crop.cut(frame, 96)[:, :, 0].astype(np.float64)
    rows, columns = np.mgrid[:96, :96] + 0.5
    share = np.array([[(cut * columns).sum(), (cut * rows).sum()]]) / cut.sum() / 96
    assert crop.to_frame(share)[0] == pytest.approx((70.5, 40.5), abs=0.05)


def test_an_unknown_mesh_is_named_with_the_known_ones():
    with pytest.raises(ParamsError, match="no mesh 'atention-mesh'; did you mean 'attention-mesh'"):
        open_mesh("atention-mesh")
    assert set(MESHES) == {"attention-mesh", "tasks", "dlib68"}


def test_the_weights_are_named():
    [(name, digest)] = mesher().digests
    assert name == "face_landmark_with_attention.tflite"
    assert len(digest) == 64


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file"),
        (b"", "no bytes"),
        (b"not a bundle", "none"),
        (b"PK\x05\x06" + bytes(18), "finds no face landmarker"),
    ],
    ids=["missing", "empty", "text", "an empty zip"],
)
def test_a_wrong_task_file(content, why, tmp_path):
    model = tmp_path / "face.task"
    if content is not None:
        model.write_bytes(content)
    with pytest.raises(
        ParamsError, match=f"face.task is no FaceLandmarker bundle: .*{why}"
    ) as error:
        open_mesh("tasks", model=model)
    assert "\n" not in str(error.value)


def test_tasks_needs_a_file():
    with pytest.raises(ParamsError, match=r"mesh\.model: name the \.task file"):
        weights_of("tasks")


def test_dlib68_without_its_extra_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(ParamsError, match=r"python -m tools\.install dlib68`"):
        predictor_path()


def test_the_predictor_is_found_without_importing_its_package(monkeypatch, tmp_path):
    """The package itself asks for pkg_resources, which newer setuptools no longer bring."""
    file = tmp_path / "face_recognition_models/models/shape_predictor_68_face_landmarks.dat"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    info = tmp_path / "face_recognition_models-0.3.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: face_recognition_models\nVersion: 0.3.0\n")
    (info / "RECORD").write_text(f"{file.relative_to(tmp_path).as_posix()},,\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert predictor_path() == file


def test_dlib68_agrees_with_the_mesh():
    try:
        mesh = open_mesh("dlib68")
    except ParamsError:
        pytest.skip("the extra dlib68 is not installed")
    frame = sitter(View(roll=15), 640)
    box, roll = only(detector()(frame))
    found = mesh(frame, box, roll=roll)
    assert (found.xyz.shape, mesh.points) == ((68, 3), 68)
    assert (found.xyz[:, 2] == 0).all()
    expected = points(frame)
    eyes_and_lips = [33, 133, 362, 263, 61, 291]
    same = np.full_like(expected, np.nan)
    same[eyes_and_lips] = found.xyz[[36, 39, 42, 45, 48, 54]]
    assert away(same, expected, eyes_and_lips) < 6
    assert mesh.digests[0][0] == "shape_predictor_68_face_landmarks.dat"
