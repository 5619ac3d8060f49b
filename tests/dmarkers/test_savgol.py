"""Local parabolas: exact where they must be, least squares elsewhere, finite everywhere."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from duchenne.dmarkers import savgol
from tests.make.faces import Array

HALF_S = 0.22
BRIEF = st.floats(0.001, 0.2)  # s between frames; a fifth of a second is the rarest that is of use
ANY = st.one_of(BRIEF, st.floats(0.001, 5.0))
number = st.floats(-2.0, 2.0)


def clock(steps: list[float]) -> Array:
    return np.concatenate([[0.0], np.cumsum(steps)])


def between(times: Array, shares: list[float]) -> Array:
    """Times (A,) anywhere from the first to the last sample."""
    return np.sort(times[0] + np.array(shares) * (times[-1] - times[0]))


shares = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8)


@given(steps=st.lists(BRIEF, min_size=2, max_size=40), shares=shares, a=number, b=number, c=number)
def test_a_parabola_is_itself_at_any_times(steps, shares, a, b, c):
    times = clock(steps)
    at = between(times, shares)
    found = savgol.fit((a + b * times + c * times**2)[:, None], times, at=at, half_s=HALF_S)
    size = 1.0 + times[-1] ** 2
    assert found.value[:, 0] == pytest.approx(a + b * at + c * at**2, abs=1e-7 * size)
    assert found.slope[:, 0] == pytest.approx(b + 2.0 * c * at, abs=1e-4 * size)


@given(steps=st.lists(BRIEF, min_size=1, max_size=40), shares=shares, a=number, b=number)
def test_a_line_is_itself_from_two_samples_on(steps, shares, a, b):
    times = clock(steps)
    at = between(times, shares)
    found = savgol.fit((a + b * times)[:, None], times, at=at, half_s=HALF_S)
    assert found.value[:, 0] == pytest.approx(a + b * at, abs=1e-7)
    assert found.slope[:, 0] == pytest.approx(np.full(len(at), b), abs=1e-4)


FEW = {
    # times, values, asked for, values there, slopes there
    "one": ([3.0], [7.0], [3.0, 3.5], [7.0, 7.0], [0.0, 0.0]),
    "two": ([0.0, 0.5], [1.0, 2.0], [0.0, 0.25, 0.5], [1.0, 1.5, 2.0], [2.0, 2.0, 2.0]),
    # (t − 0.2)²: through three samples goes one parabola, whatever they weigh
    "three": ([0.0, 0.1, 0.4], [0.04, 0.01, 0.04], [0.0, 0.2, 0.3], [0.04, 0.0, 0.01],
              [-0.4, 0.0, 0.2]),
    "three, far apart": ([0.0, 1.0, 4.0], [4.0, 1.0, 4.0], [0.0, 2.0, 3.0], [4.0, 0.0, 1.0],
                         [-4.0, 0.0, 2.0]),
    # t²
    "four": ([0.0, 0.1, 0.2, 0.3], [0.0, 0.01, 0.04, 0.09], [0.0, 0.15], [0.0, 0.0225],
             [0.0, 0.3]),
}  # fmt: skip


@pytest.mark.parametrize("name", FEW)
def test_few_samples(name):
    times, values, at, expected, slopes = map(np.array, FEW[name])
    found = savgol.fit(values[:, None], times, at=at, half_s=HALF_S)
    assert found.value[:, 0] == pytest.approx(expected, abs=1e-12)
    assert found.slope[:, 0] == pytest.approx(slopes, abs=1e-12)


def test_a_spike_of_one_frame_by_hand():
    """Five frames 0.1 s apart around the spike, with a window of 0.25 s: tricube weights are
    1, (1 − 0.4³)³ and (1 − 0.8³)³ at 0, 1 and 2 frames. An even parabola has no slope."""
    times = np.arange(5) / 10.0
    near, far = (1.0 - 0.4**3) ** 3, (1.0 - 0.8**3) ** 3
    moments = 1.0 + 2.0 * (near + far), 2.0 * (near + 4.0 * far), 2.0 * (near + 16.0 * far)
    expected = moments[2] / (moments[0] * moments[2] - moments[1] ** 2)
    spike = np.array([0.0, 0.0, 1.0, 0.0, 0.0])[:, None]
    found = savgol.fit(spike, times, at=times[2:3], half_s=0.25)
    assert found.value[0, 0] == pytest.approx(expected)
    assert found.slope[0, 0] == pytest.approx(0.0, abs=1e-12)


def least_squares(values: Array, times: Array, at: float) -> tuple[Array, Array]:
    """Value and slope of the weighted parabola at one time, with what the docstrings say."""
    away = np.abs(times - at)
    inside = away < HALF_S
    reach = HALF_S
    if inside.sum() < 5:
        first = min(max(int(np.searchsorted(times, at)) - 2, 0), max(len(times) - 5, 0))
        inside[first : first + 5] = True
        reach = max(HALF_S, 1.05 * away[inside].max())
    root = np.sqrt((1.0 - (away[inside] / reach) ** 3) ** 3)
    step = (times[inside] - at) / reach
    design = np.vander(step, 3, increasing=True) * root[:, None]
    found = np.linalg.lstsq(design, values[inside] * root[:, None], rcond=None)[0]
    return found[0], found[1] / reach


@settings(deadline=None)
@given(
    steps=st.lists(st.floats(0.01, 0.3), min_size=2, max_size=40),
    shares=shares,
    seed=st.integers(0, 99),
)
def test_equals_weighted_least_squares(steps, shares, seed):
    times = clock(steps)
    at = between(times, shares)
    assume(np.abs(np.abs(times - at[:, None]) - HALF_S).min() > 1e-9)  # in or out is no matter
    values = np.random.default_rng(seed).normal(size=(len(times), 2))
    found = savgol.fit(values, times, at=at, half_s=HALF_S)
    for row, moment in enumerate(at):
        value, slope = least_squares(values, times, moment)
        size = 1.0 + np.abs(value).max()
        assert found.value[row] == pytest.approx(value, abs=1e-6 * size)
        assert found.slope[row] == pytest.approx(slope, abs=1e-4 * (size + np.abs(slope).max()))


@settings(deadline=None)
@given(steps=st.lists(ANY, min_size=0, max_size=40), shares=shares, seed=st.integers(0, 99))
def test_finite_for_all_that_a_clip_can_be(steps, shares, seed):
    """Times a thousandth of a second apart beside pauses of seconds: badly conditioned."""
    times = clock(steps)
    values = np.random.default_rng(seed).normal(size=(len(times), 2))
    at = np.sort(np.concatenate([times, between(times, shares)]))
    found = savgol.fit(values, times, at=at, half_s=HALF_S)
    assert np.isfinite(found.value).all()
    assert np.isfinite(found.slope).all()


@pytest.mark.parametrize("last", [0.3449999, 0.345, 0.3450001])
def test_the_last_of_three_samples_on_the_edge_of_a_window(last):
    """Around the second the third lies 0.22 s off, give or take a rounding, and must not vanish."""
    times = np.array([0.0, 0.125, last])
    found = savgol.fit(np.square(times)[:, None], times, at=times, half_s=HALF_S)
    assert found.value[:, 0] == pytest.approx(times**2, abs=1e-9)
    assert found.slope[:, 0] == pytest.approx(2.0 * times, abs=1e-9)


@pytest.mark.parametrize("pause", [0.25, 0.5, 2.0, 10.0])
def test_beside_a_pause_a_window_with_five_samples_needs_no_more(pause):
    """What comes after a pause says nothing about the frames before it, nor the other way round."""
    times = np.concatenate([np.arange(25) / 25.0, 0.96 + pause + np.arange(25) / 25.0])
    step = np.repeat([[0.0], [1.0]], 25, axis=0)
    found = savgol.fit(step, times, at=times, half_s=HALF_S)
    assert found.value == pytest.approx(step, abs=1e-9)
    assert found.slope == pytest.approx(0.0 * step, abs=1e-9)


@given(level=number, steps=st.lists(ANY, max_size=40), shares=shares)
def test_what_stands_still_does_so_to_the_last_bit(level, steps, shares):
    """Or phases would be made of rounding errors."""
    times = clock(steps)
    at = between(times, shares)
    found = savgol.fit(np.full((len(times), 1), level), times, at=at, half_s=HALF_S)
    assert np.all(found.value == level)
    assert np.all(found.slope == 0.0)


@pytest.mark.parametrize("pause", [0.5, 2.0, 10.0])
def test_in_a_pause_a_movement_goes_on(pause):
    """No frame for seconds: five samples are sought further off, and a parabola stays one."""
    times = np.concatenate([np.arange(25) / 25.0, 0.96 + pause + np.arange(25) / 25.0])
    at = np.linspace(0.96, 0.96 + pause, 50)
    found = savgol.fit((times**2)[:, None], times, at=at, half_s=HALF_S)
    assert found.value[:, 0] == pytest.approx(at**2, rel=1e-6)
    assert found.slope[:, 0] == pytest.approx(2.0 * at, rel=1e-6)


@given(steps=st.lists(BRIEF, min_size=4, max_size=20), shares=shares, shift=st.floats(-9.0, 9.0))
def test_only_differences_of_time_matter(steps, shares, shift):
    times = clock(steps)
    at = between(times, shares)
    assume(np.abs(np.abs(times - at[:, None]) - HALF_S).min() > 1e-9)
    assume(np.abs(times - at[:, None]).min() > 1e-9)  # a rounded time may pass a sample
    values = np.sin(5.0 * times)[:, None]
    here = savgol.fit(values, times, at=at, half_s=HALF_S)
    there = savgol.fit(values, times + shift, at=at + shift, half_s=HALF_S)
    assert there.value == pytest.approx(here.value, abs=1e-6)
    assert there.slope == pytest.approx(here.slope, abs=1e-3)


def test_columns_know_nothing_of_each_other():
    times = np.arange(10) / 25.0
    values = np.random.default_rng(0).normal(size=(10, 3))
    values[:, 2] = np.nan  # as cheeks are where there are none
    found = savgol.fit(values, times, at=times, half_s=HALF_S)
    alone = savgol.fit(values[:, :1], times, at=times, half_s=HALF_S)
    assert found.value[:, :1] == pytest.approx(alone.value, abs=1e-12)
    assert found.slope[:, :1] == pytest.approx(alone.slope, abs=1e-12)
    assert np.isnan(found.value[:, 2]).all()
