import os
from functools import partial
from typing import Any

import cv2
import numpy as np
import pytest

from duchenne.datasets.demo import View
from duchenne.errors import ParamsError
from duchenne.face.crop import Crop, overlap
from duchenne.face.detect.base import Detections
from duchenne.face.detect.detector import Detector, open_detector
from duchenne.face.follow import survey
from duchenne.face.mediapipe_graph import quiet
from duchenne.media.video import open_video
from tests.make.clips import decoded
from tests.make.people import detector, only, points, scene, sitter


def test_a_box_holds_the_mesh_and_turns_with_the_eyes():
    frame = sitter(View(roll=20))
    (x0, y0, x1, y1), roll = only(detector()(frame))
    xyz = points(frame)
    assert roll == pytest.approx(20, abs=3)
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx(xyz[:, :2].mean(axis=0), abs=12)
    turned = cv2.minAreaRect(xyz[:, :2].astype(np.float32))[1]
    assert sorted((x1 - x0, y1 - y0)) == pytest.approx(sorted(turned), rel=0.06)


@pytest.mark.parametrize(
    ("frame", "width"),
    [
        pytest.param(sitter(), 148, id="a portrait"),
        pytest.param(sitter(View(scale=2)), 290, id="larger than the frame"),
        pytest.param(sitter(View(right=0.3, down=0.2)), 140, id="partly outside"),
        pytest.param(scene([(200, 150, 80)]), 37, id="80 px portrait"),
        pytest.param(scene([(200, 150, 80)])[:357, :641], 37, id="odd sizes"),
        pytest.param(cv2.resize(sitter(), (61, 61)), 28, id="tiny frame"),
    ],
)
def test_one_face_of_any_size(frame, width):
    (x0, _, x1, _), _ = only(detector()(frame))
    assert x1 - x0 == pytest.approx(width, rel=0.08)


def test_each_of_two_faces_once():
    found = detector()(scene([(150, 180, 220), (480, 180, 130)]))
    left, right = sorted(found.boxes.tolist())
    assert (left[0] + left[2]) / 2 == pytest.approx(150, abs=12)
    assert (right[0] + right[2]) / 2 == pytest.approx(480, abs=8)
    assert found.scores.min() > 0.8


def test_places_beside_a_face_lead_to_the_one_face():
    class Around:
        digests = ()
        searches = (
            lambda _: [Crop(x, 180, 110) for x in (270, 320, 375)],
            lambda _: pytest.fail("a face was found already"),
        )

    frame = scene([(320, 180, 300)])
    box, _ = only(Detector(Around(), threads=1)(frame))
    assert overlap(box, detector()(frame).boxes[0]) > 0.95


@pytest.mark.parametrize("kind", ["grey", "noise", "a headless portrait"])
def test_no_face(kind):
    frame = {
        "grey": np.full((90, 160, 3), 128, np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (90, 160, 3), dtype=np.uint8),
        "a headless portrait": sitter()[220:],
    }[kind]
    found = detector()(frame)
    assert (found.boxes.shape, found.rolls.shape, found.scores.shape) == ((0, 4), (0,), (0,))


def test_the_other_detector_gives_the_same_box():
    frame = scene([(320, 180, 300)])
    box, roll = only(detector()(frame))
    other, other_roll = only(open_detector("dlib")(frame))
    assert overlap(box, other) > 0.95
    assert other_roll == pytest.approx(roll, abs=1)


def test_equal_pictures_give_equal_bits_whatever_came_between():
    first = detector()(sitter())
    detector()(scene([(150, 180, 220), (480, 180, 130)]))
    again = detector()(sitter())
    fresh = open_detector("mediapipe")(sitter())
    for one, two, three in zip(first, again, fresh, strict=True):
        assert one.tobytes() == two.tobytes() == three.tobytes()


def test_an_unknown_detector_is_named_with_the_known_ones():
    with pytest.raises(ParamsError, match="no detector 'dlip'; did you mean 'dlib'"):
        open_detector("dlip")


def test_the_weights_are_named_once_each():
    names = [name for name, _ in detector().digests]
    assert len(set(names)) == len(names) == 3
    assert all(len(digest) == 64 for _, digest in detector().digests)


def test_noise_is_held_back_and_nothing_else(capfd):
    with quiet():
        for line in (b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n", b"trouble\n"):
            os.write(2, line)
    assert capfd.readouterr().err == "trouble\n"


class Watcher:
    """A detector that sees the boxes it is handed as a picture, and counts."""

    def __init__(self) -> None:
        self.looked: list[int] = []

    def __call__(self, picture: Any) -> Detections:
        frame, x, score = picture
        self.looked.append(frame)
        boxes = np.array([] if x is None else [(x, 0, x + 100, 100)]).reshape(-1, 4)
        return Detections(boxes, np.zeros(len(boxes)), np.full(len(boxes), score))


def looks(places: list[Any], *, every: float = 0.2, score: float = 0.9) -> list[int]:
    """The frames looked at in a clip at 25 per s with a face at each of `places`, px."""
    watcher, read = Watcher(), []

    def picture(frame: int) -> Any:
        read.append(frame)
        return frame, places[frame], score

    pictures = [(frame / 25, partial(picture, frame)) for frame in range(len(places))]
    found = survey(pictures, watcher, every=every, min_score=0.7)
    assert len(found) == len(places)
    seen = [frame for frame, faces in enumerate(found) if faces is not None]
    assert seen == sorted(watcher.looked) == sorted(read)
    return seen


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        pytest.param([0] * 13, [0, 5, 10, 12], id="still: every fifth, and the last"),
        pytest.param([0] * 7 + [None] * 6, [0, 5, 6, 7, 8, 9, 10, 12], id="leaves"),
        pytest.param([0] * 7 + [60] * 4, [0, 5, 6, 7, 8, 9, 10], id="jumps"),
        pytest.param([2 * n for n in range(11)], [0, 5, 10], id="drifts"),
        pytest.param([9 * n for n in range(6)], [0, 1, 2, 3, 4, 5], id="hurries"),
        pytest.param([None] * 6, [0, 5], id="nobody"),
        pytest.param([0], [0], id="a single frame"),
        pytest.param([], [], id="no frame"),
    ],
)
def test_which_frames_are_looked_at(places, expected):
    assert looks(places) == expected


def test_every_frame_is_looked_at_on_request():
    assert looks([0] * 6, every=0) == [0, 1, 2, 3, 4, 5]


def test_what_is_hardly_a_face_is_no_reason_to_look_again():
    assert looks([0] * 7 + [None] * 4, score=0.6) == [0, 5, 10]


def test_pictures_are_taken_one_by_one():
    held = 0

    def pictures():
        for frame in range(1000):
            yield frame / 25, partial(picture, frame)

    def picture(frame: int) -> Any:
        nonlocal held
        held = max(held, frame)
        return frame, 0, 0.9

    class Late(Watcher):
        def __call__(self, picture):
            assert held == picture[0], "read before its turn"
            return super().__call__(picture)

    assert len(survey(pictures(), Late(), every=0.2, min_score=0.7)) == 1000


def test_nobody_in_a_cartoon(clips):
    with open_video(clips / "no_face.mp4") as video:
        pictures = [decoded(picture.jpeg) for picture in video][::8]
    assert all((detector()(picture).scores < 0.7).all() for picture in pictures)
