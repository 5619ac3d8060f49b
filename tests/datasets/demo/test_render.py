"""Rendering: the same smile from any view, at any time, on the right side of the face."""

import importlib
from dataclasses import replace

import cv2
import numpy as np
import pytest

from duchenne.datasets.demo import View, plan, render
from duchenne.datasets.demo.motion import Blink
from duchenne.errors import ParamsError

CLIPS = plan(seed=0, subjects=12, clips_per_subject=2, size=160)
CLIP = CLIPS[0]


def apex(clip):
    return (clip.smile.bounds()[1] + clip.smile.bounds()[2]) / 2.0


def calm(clip, **smile):
    """The clip without blinks and noise, and with another smile."""
    return replace(clip, blinks=(), noise=0.0, smile=replace(clip.smile, **smile))


def one(clip, time, view=None):
    return next(render(clip, times=[time], view=view))


def difference(a, b):
    return np.abs(a.astype(np.int16) - b).mean()


def test_frames_have_the_asked_form():
    frames = list(render(CLIP, times=[0.0, 0.1]))
    assert [frame.shape for frame in frames] == [(160, 160, 3)] * 2
    assert frames[0].dtype == np.uint8
    assert len(list(render(CLIP, times=CLIP.times()[:5]))) == 5
    assert one(CLIP, 0.0, View(size=96)).shape == (96, 96, 3)
    assert list(render(CLIP, times=[])) == []


def test_smile_moves_the_picture_and_time_alone_decides_it():
    clip = calm(CLIP)
    middle = apex(clip)
    assert np.array_equal(one(clip, middle), list(render(clip, times=[0.0, middle]))[1])
    assert difference(one(clip, middle), one(calm(clip, amplitude=0.0), middle)) > 0.3


def test_a_face_at_rest_blinks():
    clip = calm(CLIP)
    blinking = replace(clip, blinks=(Blink(peak_s=0.1, depth=1.0),))
    assert np.array_equal(one(blinking, 0.0), one(clip, 0.0))
    eyes = np.s_[40:80, 30:130]
    assert difference(one(blinking, 0.1)[eyes], one(clip, 0.1)[eyes]) > 1.0


@pytest.mark.parametrize(
    ("view", "least", "most"),
    [
        (View(), 99, 111),
        (View(scale=0.5), 198, 222),
        (View(right=0.3), 158, 171),
        (View(roll=45.0), 139, 156),
    ],
)
def test_as_much_of_the_portrait_is_made_ready_as_a_view_shows(view, least, most, monkeypatch):
    rendering = importlib.import_module("duchenne.datasets.demo.render")
    asked, sit = [], rendering.sit

    def noted(look, *, reach):
        asked.append(reach)
        return sit(look, reach=reach)

    monkeypatch.setattr(rendering, "sit", noted)
    one(CLIP, 0.0, view)
    assert least < asked[0] < most


def test_noise_is_seeded_per_clip():
    first, again = (one(CLIP, 0.0) for _ in range(2))
    assert np.array_equal(first, again)
    other = one(replace(CLIP, noise_seed=CLIP.noise_seed + 1), 0.0)
    clean = one(replace(CLIP, noise=0.0), 0.0)
    assert difference(first, other) > 1.0
    assert np.std(first.astype(float) - clean) == pytest.approx(CLIP.noise, rel=0.1)


@pytest.mark.parametrize("clip", CLIPS[:12:2], ids=lambda clip: clip.subject)
def test_sides_are_the_subjects_own_mirrored_or_not(clip):
    """The subject's left is on the picture's right; the side that smiles changes the picture."""
    upright = replace(
        calm(clip, asymmetry=2.0),
        head=replace(clip.head, **dict.fromkeys(("right", "down", "roll", "zoom"), STANDSTILL)),
    )
    upright = replace(upright, smile=replace(upright.smile, cheek_raise=0.0, constriction=0.0))
    moved = one(upright, apex(clip)).astype(np.int16) - one(upright, 0.0)
    change = np.abs(moved).mean(axis=(0, 2))  # per column
    assert change[80:].sum() > 3.0 * change[:70].sum()


STANDSTILL = replace(CLIP.head.right, waves=())


@pytest.mark.parametrize(
    ("view", "undo"),
    [
        (View(mirrored=True), lambda frame: frame[:, ::-1]),
        (View(right=0.1), lambda frame: np.roll(frame, -16, axis=1)),
        (View(down=-0.1), lambda frame: np.roll(frame, 16, axis=0)),
        (View(size=320), lambda frame: cv2.resize(frame, (160, 160), interpolation=cv2.INTER_AREA)),
        (View(roll=15.0), lambda frame: turned(frame, 15.0, 1.0)),
        (View(roll=-20.0, scale=1.5), lambda frame: turned(frame, -20.0, 1.5)),
        (View(scale=0.5), lambda frame: turned(frame, 0.0, 0.5)),
    ],
)
def test_views_show_the_same_face(view, undo):
    clip = replace(calm(CLIP), head=replace(CLIP.head, right=STANDSTILL, down=STANDSTILL))
    plain = one(clip, apex(clip))
    face = np.s_[50:110, 50:110]
    assert difference(undo(one(clip, apex(clip), view))[face], plain[face]) < 5.0
    assert difference(one(clip, apex(clip), view)[face], plain[face]) > 2.0 or view.size


def turned(frame, degrees, scale):
    """Undo a clockwise roll and an enlargement about the frame's centre."""
    matrix = cv2.getRotationMatrix2D((79.5, 79.5), degrees, 1.0 / scale)
    return cv2.warpAffine(frame, matrix, (160, 160), flags=cv2.INTER_CUBIC)


@pytest.mark.parametrize("wrong", [{"scale": 0.0}, {"scale": -1.0}, {"size": 0}, {"size": 161}])
def test_impossible_views_are_refused(wrong):
    with pytest.raises(ParamsError, match="view"):
        View(**wrong)
