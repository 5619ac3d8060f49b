"""The rendered clips without a smile."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from duchenne.datasets.demo import portrait
from duchenne.datasets.demo import render as render_demo
from duchenne.datasets.demo.motion import Sway
from duchenne.face.topology import MESH, at
from tests.make import films

KINDS = {kind: films.films(kind, seed=10, count=3, size=160) for kind in films.KINDS}


def height(film):
    """The time of an expression's height, s."""
    _, begin, end, _ = film.clip.smile.bounds()
    return (begin + end) / 2.0


@pytest.mark.parametrize("kind", films.KINDS)
def test_no_film_smiles(kind):
    for film in KINDS[kind]:
        time = film.clip.times()
        drives, mouth = film.clip.drives(time), film.mouth(time)
        assert not (drives.lip.any() or drives.cheek.any())
        assert np.all((mouth.out < 0.3) | (mouth.up < 0.3))  # never outwards and up
        moves = bool(np.any(mouth))
        assert moves == (kind in ("speech", "disgust", "fear"))
        assert bool(film.clip.blinks) <= (kind != "still")


def test_speech_has_three_to_six_syllables_a_second():
    for film in KINDS["speech"]:
        time = np.arange(0.0, film.clip.seconds, 0.005)
        jaw = film.mouth(time).jaw
        peaks = np.flatnonzero((jaw[1:-1] > jaw[:-2]) & (jaw[1:-1] >= jaw[2:]))
        gaps = np.diff(time[peaks + 1])
        assert 1 / 6.1 < np.median(gaps) < 1 / 2.9
        assert 0.2 < jaw.max() <= 1.0


def test_a_still_is_one_picture_with_camera_noise():
    [film, *_] = KINDS["still"]
    first, second = films.render(film, np.array([0.0, 1.5]))
    assert not np.array_equal(first, second)
    quiet = replace(film, clip=replace(film.clip, noise=0.0))
    first, second = films.render(quiet, np.array([0.0, 1.5]))
    assert np.array_equal(first, second)


def test_a_mouth_at_rest_looks_as_in_the_demo():
    [film, *_] = KINDS["rest"]
    times = film.clip.times()[:2]
    for one, other in zip(
        films.render(film, times), render_demo(film.clip, times=times), strict=True
    ):
        assert np.array_equal(one, other)


@pytest.mark.filterwarnings("default")  # mediapipe's own, of protobuf
@pytest.mark.parametrize(
    ("kind", "out", "up", "gap"),
    [("fear", (0.01, 0.15), (-0.15, -0.005), (0.02, 0.3)),
     ("disgust", (-0.05, 0.02), (-0.03, 0.04), (0.01, 0.2))],
)  # fmt: skip
def test_the_mesh_sees_where_the_mouth_goes(kind, out, up, gap):
    """Both corners outwards and upwards, and between the lips, in outer eye distances."""
    face_mesh = pytest.importorskip("mediapipe.python.solutions.face_mesh")
    [film, *_] = films.films(kind, seed=10, count=1, size=320)
    still = {name: Sway(()) for name in ("right", "down", "roll", "zoom")}
    film = replace(film, clip=replace(film.clip, blinks=(), head=replace(film.clip.head, **still)))
    seen = []
    with face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as model:
        for frame in films.render(film, np.array([0.0, height(film)])):
            [face] = model.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)).multi_face_landmarks
            xy = np.array([(point.x, point.y) for point in face.landmark]) * 320.0
            seen.append(portrait.FaceAxes.from_mesh(xy).to_face(xy))
    rest, moved = seen
    shift = moved - rest
    assert out[0] < -shift[61, 0] < out[1] and out[0] < shift[291, 0] < out[1]
    assert up[0] < -shift[61, 1] < up[1] and up[0] < -shift[291, 1] < up[1]
    assert gap[0] < shift[14, 1] - shift[13, 1] < gap[1]


@pytest.mark.parametrize("kind", films.KINDS)
def test_landmarks_move_as_the_picture_does(kind):
    [film, *_] = KINDS[kind]
    xyz = films.landmarks(film, np.array([0.0, height(film)]))
    sides = (MESH.lip_corners.right, MESH.lip_corners.left)
    right, left = (np.diff(at(xyz, side)[:, :2], axis=0)[0] for side in sides)
    mouth = film.mouth(np.array([0.0, height(film)]))
    out, up = np.diff(mouth.out)[0], np.diff(mouth.up)[0]
    assert left == pytest.approx([0.12 * out, -0.1 * up], abs=1e-9)
    assert right == pytest.approx([-0.12 * out, -0.1 * up], abs=1e-9)
