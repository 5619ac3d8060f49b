"""Rows that are made of a clip."""

import numpy as np

from duchenne.training import fit, movement
from tests.make import fold_cases


def test_a_face_at_rest_is_the_median_of_early_frames():
    """By hand: the median of the frames at 0, 0.1 and 0.2 s; the faceless first one is passed."""
    x = np.array([np.nan, 1.0, 5.0, 3.0, 7.0], np.float32)
    xyz = np.stack([np.stack([x, 2 * x, 3 * x], axis=-1), np.stack([-x, x, x], axis=-1)], axis=1)
    times = np.array([-0.1, 0.0, 0.1, 0.2, 0.3])
    found = fit.first_frame(times, xyz, neutral_s=0.2)
    assert found.tolist() == [3.0, 6.0, 9.0, -3.0, 3.0, 3.0]


def test_a_time_that_is_a_sum_of_fractions_is_early_enough():
    xyz = np.array([1.0, 3.0, 99.0], np.float32)[:, None, None].repeat(3, axis=2)
    assert (
        fit.first_frame(np.array([0.0, 0.1 + 0.2, 0.6]), xyz, neutral_s=0.3).tolist() == [2.0] * 3
    )


def test_it_is_the_face_that_motion_starts_from():
    clip = fold_cases.clip("a", label=1, faceless=(0, 2))
    rest = fit.first_frame(clip.times, clip.xyz, neutral_s=0.5).reshape(-1, 3)
    moved = movement.from_rest(clip.times, clip.xyz, neutral_s=0.5)
    np.testing.assert_allclose(moved[4], clip.xyz[4] - rest, atol=1e-6)


def test_without_a_face_there_is_nothing_to_know():
    clip = fold_cases.clip("a", faceless=range(12))
    found = fit.first_frame(clip.times, clip.xyz, neutral_s=0.2)
    assert found.shape == (3 * fold_cases.FACE.points,)
    assert np.isnan(found).all()
