"""Velocity: how far a landmark goes in a step, and what a stretched window makes of it."""

import numpy as np
import pytest
import torch

from duchenne.training import velocity
from tests.make import fold_cases

VELOCITY = {"window__shows": "velocity"}


def shown(x: list[float], times: list[float], *, step_s: float) -> list[float]:
    values = np.array([x] * 3, np.float32).T[:, None, :]
    return [float(way) for way in velocity.of(np.array(times), values, step_s=step_s)[:, 0, 0]]


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
    of = [velocity.of(each.times, each.xyz, step_s=0.2) for each in (one, other)]
    np.testing.assert_allclose(of[0], of[1], atol=1e-5)


def test_a_step_is_that_of_the_windows():
    """At half the rate a step is twice as long, and so is a straight way."""
    scales = [
        fold_cases.ready(
            fold_cases.fold(), fold_cases.settings(**VELOCITY, window__fps=fps)
        ).shown.scale
        for fps in (10.0, 5.0)
    ]
    assert scales[0] is not None and scales[1] is not None
    assert scales[1] / scales[0] == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(("shows", "grows"), [("velocity", True), ("motion", False)])
def test_a_window_of_more_time_shows_a_faster_smile(shows, grows):
    """Its first frame is one of the clip's: as it is, or times what the window was stretched by."""
    ready = fold_cases.ready(fold_cases.fold(), fold_cases.settings(window__shows=shows))
    cutter, number = fold_cases.cutter(ready.task, stretch=0.5), ready.task.train[:1]
    start = int(cutter.clips.first[number[0]])
    frames = cutter.clips.xyz[start : start + len(cutter.clips.times[number[0]])].flatten(1)
    rng = np.random.default_rng(1)
    [batch] = cutter.training(number, size=1, rng=rng)
    first = batch.windows.xyz[0, 0].flatten()
    alike = torch.nn.functional.cosine_similarity(frames, first[None], dim=1)
    ratio = float(first.norm() / frames[alike.argmax()].norm())
    assert float(alike.max()) == pytest.approx(1.0, abs=1e-5)
    assert (abs(ratio - 1.0) > 0.01) is grows
