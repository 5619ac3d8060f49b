"""Motion and velocity of landmarks, in units that training clips alone decide."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from duchenne.training import movement
from duchenne.training.landmark_batches import LandmarkCutter
from tests.make import fold_cases

MOTION = {"window__shows": "motion"}


def test_a_landmark_is_measured_from_where_it_was_at_rest():
    """By hand: the median of the frames at 0, 0.1 and 0.2 s; the faceless first one is passed."""
    x = np.array([np.nan, 1.0, 5.0, 3.0, 7.0], np.float32)
    xyz = np.stack([x, x, x], axis=-1)[:, None, :]
    times = np.array([-0.1, 0.0, 0.1, 0.2, 0.3])
    found = movement.from_rest(times, xyz, neutral_s=0.2)
    np.testing.assert_array_equal(found[:, 0, 0], [np.nan, -2.0, 2.0, 0.0, 4.0])


def test_the_scale_is_the_root_mean_square_of_frames_with_a_face():
    one = np.array([[[3.0, 0.0, 0.0]], [[np.nan] * 3]], np.float32)
    other = np.array([[[0.0, 4.0, 0.0]]], np.float32)
    assert movement.scale_of([one, other]) == pytest.approx(np.sqrt(25 / 6))
    assert movement.scale_of([np.zeros((2, 1, 3), np.float32)]) == 1.0, "a face that never moves"


def test_who_it_is_does_not_show():
    given = fold_cases.fold()
    clip = given.clips[0]
    other = clip._replace(xyz=clip.xyz + np.float32(0.25))
    of = [movement.from_rest(each.times, each.xyz, neutral_s=0.2) for each in (clip, other)]
    np.testing.assert_allclose(of[0], of[1], atol=1e-6)


def test_the_scale_sees_training_clips_alone():
    given = fold_cases.fold()
    plain = fold_cases.ready(given, fold_cases.settings(**MOTION))
    changed = tuple(
        clip if role == "train" else clip._replace(xyz=clip.xyz * np.float32(3.0))
        for clip, role in zip(given.clips, given.roles, strict=True)
    )
    other = fold_cases.ready(replace(given, clips=changed), fold_cases.settings(**MOTION))
    assert plain.inputs.scale == other.inputs.scale
    clips = plain.task.cutter.clips
    train = torch.cat([torch.arange(12) + clips.first[n] for n in plain.task.split.learns
                       if len(clips.times[n]) == 12])  # fmt: skip
    shown = [ready.task.cutter.clips.xyz[train] for ready in (plain, other)]
    assert torch.equal(*shown)
    people = zip(given.subjects, given.roles, strict=True)
    assert plain.subjects == tuple(sorted({who for who, role in people if role == "train"}))


def test_training_clips_move_by_one_on_average():
    ready = fold_cases.ready(fold_cases.fold(), fold_cases.settings(**MOTION))
    clips = ready.task.cutter.clips
    frames = np.concatenate(
        [clips.first[n] + np.flatnonzero(clips.seen[n]) for n in ready.task.split.learns]
    )
    assert float(clips.xyz[frames].square().mean().sqrt()) == pytest.approx(1.0, abs=1e-5)


def test_neighbours_are_those_of_the_face_and_not_of_its_motion():
    shape, moved = (
        fold_cases.ready(
            fold_cases.fold(), fold_cases.settings(**fold_cases.CURVENET, window__shows=shows)
        )
        for shows in ("shape", "motion")
    )
    neighbours = [ready.task.cutter.clips.neighbours for ready in (shape, moved)]
    assert torch.equal(*neighbours)


def test_a_mirror_may_come_before_or_after():
    one, flip = fold_cases.clip("a", label=1), np.array([-1.0, 1.0, 1.0], np.float32)
    mirror = list(fold_cases.FACE.mirror)
    before = movement.from_rest(one.times, one.xyz[:, mirror] * flip, neutral_s=0.2)
    after = movement.from_rest(one.times, one.xyz, neutral_s=0.2)[:, mirror] * flip
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("shows", ["shape", "motion", "velocity"])
def test_noise_is_in_distances_between_the_eyes(shows):
    """Motion is divided by its scale, so its noise is too."""
    how = fold_cases.settings(window__shows=shows, augment__noise=0.01)
    ready = fold_cases.ready(fold_cases.fold(), how)
    cutter = ready.task.cutter
    assert isinstance(cutter, LandmarkCutter)
    assert cutter.augment.noise == pytest.approx(0.01 / (ready.inputs.scale or 1.0))
    assert (ready.inputs.scale is None) == (shows == "shape")


# ---- Velocity -----------------------------------------------------------------------------------
VELOCITY = {"window__shows": "velocity"}


def shown(x: list[float], times: list[float], *, step_s: float) -> list[float]:
    values = np.array([x] * 3, np.float32).T[:, None, :]
    return [
        float(way) for way in movement.velocity(np.array(times), values, step_s=step_s)[:, 0, 0]
    ]


def test_by_hand_between_uneven_frames():
    """Steps of 0.2 s: at 0.3 s from the value at 0.2 s, 4 on the line, to that at 0.4 s, 8."""
    found = shown([0.0, 2.0, 6.0, 10.0], [0.0, 0.1, 0.3, 0.5], step_s=0.2)
    assert found == pytest.approx([2.0, 4.0, 4.0, 2.0])


def test_a_frame_beside_a_missing_face_has_the_half_that_is_seen():
    found = shown([0.0, 1.0, float("nan"), 3.0, 4.0], [0.0, 0.1, 0.2, 0.3, 0.4], step_s=0.2)
    assert found == pytest.approx([1.0, 1.0, float("nan"), 1.0, 1.0], nan_ok=True)


def test_a_single_frame_does_not_move():
    assert shown([3.0], [0.0], step_s=0.2) == [0.0]


def test_neither_who_it_is_nor_when_it_began_shows():
    one = fold_cases.clip("a", label=1)
    other = one._replace(xyz=one.xyz + np.float32(0.25), times=one.times + 7.0)
    of = [movement.velocity(each.times, each.xyz, step_s=0.2) for each in (one, other)]
    np.testing.assert_allclose(of[0], of[1], atol=1e-5)


def test_a_step_is_that_of_the_windows():
    """At half the rate a step is twice as long, and so is a straight way."""
    scales = [
        fold_cases.ready(
            fold_cases.fold(), fold_cases.settings(**VELOCITY, window__fps=fps)
        ).inputs.scale
        for fps in (10.0, 5.0)
    ]
    assert scales[0] is not None and scales[1] is not None
    assert scales[1] / scales[0] == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(("shows", "grows"), [("velocity", True), ("motion", False)])
def test_a_window_of_more_time_shows_a_faster_smile(shows, grows):
    """Its first frame is one of the clip's: as it is, or times what the window was stretched by."""
    ready = fold_cases.ready(fold_cases.fold(), fold_cases.settings(window__shows=shows))
    cutter, number = fold_cases.cutter(ready.task, stretch=0.5), ready.task.split.learns[:1]
    start = int(cutter.clips.first[number[0]])
    frames = cutter.clips.xyz[start : start + len(cutter.clips.times[number[0]])].flatten(1)
    rng = np.random.default_rng(1)
    [batch] = cutter.training(number, size=1, rng=rng)
    first = batch.windows.xyz[0, 0].flatten()
    alike = torch.nn.functional.cosine_similarity(frames, first[None], dim=1)
    ratio = float(first.norm() / frames[alike.argmax()].norm())
    assert float(alike.max()) == pytest.approx(1.0, abs=1e-5)
    assert (abs(ratio - 1.0) > 0.01) is grows
