import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.face import series
from tests.make.portraits import Array


def signal(text: str) -> Array:
    """One letter a frame: `.` is known, `x` is missing."""
    return np.array([np.nan if letter == "x" else 1.0 for letter in text])


@pytest.mark.parametrize(
    ("seen", "filled"),
    [
        ("......", "000000"),
        ("..x...", "001000"),
        ("..xx..", "001100"),
        ("..xxx.", "000000"),
        ("x.x.xx", "001000"),
        ("xx..xx", "000000"),
        ("xxxxxx", "000000"),
        (".x.x.x", "010100"),
        ("x", "0"),
        (".", "0"),
    ],
)
def test_a_gap_is_filled_whole_or_not_at_all_and_never_at_the_ends(seen, filled):
    """At 25 per s two lost frames are 0.12 s between the two that are known."""
    values, flags = series.fill(signal(seen), np.arange(len(seen)) / 25.0, max_gap=0.12)
    assert "".join(str(int(flag)) for flag in flags) == filled
    assert np.array_equal(np.isfinite(values), np.isfinite(signal(seen)) | flags)


def test_a_gap_is_filled_along_true_time():
    values, _ = series.fill(
        np.array([0.0, np.nan, np.nan, 10.0]), np.array([0.0, 0.01, 0.05, 0.1]), max_gap=0.1
    )
    assert values == pytest.approx([0.0, 1.0, 5.0, 10.0])


def test_a_frame_is_missing_when_any_of_its_landmarks_is():
    values = np.arange(18.0).reshape(3, 2, 3)
    hurt = values.copy()
    hurt[1, 0, 2] = np.nan
    whole, filled = series.fill(hurt, np.arange(3) / 25.0, max_gap=0.1)
    assert filled.tolist() == [False, True, False]
    assert whole == pytest.approx(values)
    assert np.isnan(hurt[1, 0, 2]), "what came in must stay as it was"


@given(
    steps=st.lists(st.floats(0.01, 0.2), min_size=2, max_size=30),
    lost=st.sets(st.integers(0, 30)),
    max_gap=st.floats(0.0, 1.0),
)
def test_a_straight_movement_is_restored_wherever_it_is_filled(steps, lost, max_gap):
    times = np.concatenate([[0.0], np.cumsum(steps)])
    truth = 3.0 - 2.0 * times
    known = np.array([frame not in lost for frame in range(len(times))])
    values, filled = series.fill(np.where(known, truth, np.nan), times, max_gap=max_gap)
    assert values[known | filled] == pytest.approx(truth[known | filled])
    assert np.isnan(values[~known & ~filled]).all()
    for frame in np.flatnonzero(~known):
        before, after = np.flatnonzero(known[:frame]), np.flatnonzero(known[frame:]) + frame
        inside = len(before) > 0 and len(after) > 0
        short = inside and times[after[0]] - times[before[-1]] <= max_gap + 1e-6
        assert filled[frame] == short


@pytest.mark.parametrize(
    ("seen", "gap"),
    [
        ("......", 0.0),
        ("..x...", 0.08),
        (".xx.x.", 0.12),
        ("xx....", 0.08),
        ("....xx", 0.08),
        ("xxxxxx", 0.20),
        ("x", 0.0),
    ],
)
def test_longest_gap(seen, gap):
    known = np.isfinite(signal(seen))
    assert series.longest(known, np.arange(len(seen)) / 25.0) == pytest.approx(gap)


@given(
    start=st.floats(-1e3, 1e3),
    slope=st.floats(-1e3, 1e3),
    steps=st.lists(st.floats(0.01, 0.2), min_size=1, max_size=30),
)
def test_smoothing_keeps_a_line_up_to_its_ends(start, slope, steps):
    at = np.cumsum(steps)
    line = (start + slope * at)[:, None]
    assert series.smoothed(line, at) == pytest.approx(line, abs=1e-6)


def test_smoothing_calms_noise_and_knows_no_neighbours_beyond_a_gap():
    at = np.arange(200) / 25
    noise = np.random.default_rng(0).normal(size=(200, 1))
    assert series.smoothed(noise, at).std() < 0.5
    step = np.where(np.arange(200) < 100, 0.0, 50.0)[:, None]
    step[100] = np.nan
    assert series.smoothed(step, at) == pytest.approx(step, abs=1e-9, nan_ok=True)


def test_stretches():
    valid = np.array([1, 1, 0, 1, 0, 0, 1], bool)
    assert series.stretches(valid) == [slice(0, 2), slice(3, 4), slice(6, 7)]
    assert series.stretches(valid[:0]) == []


@pytest.mark.parametrize(
    ("times", "known", "seconds", "resting"),
    [
        ([0.0, 0.1, 0.2, 0.3], "....", 0.2, "1110"),
        ([0.0, 0.1, 0.2, 0.3], "x.x.", 0.2, "0101"),
        ([8 / 30, 15 / 30, 23 / 30, 24 / 30], "....", 0.5, "1110"),  # 8 / 30 + 0.5 < 23 / 30
        ([0.0, 0.04], "xx", 1.0, "00"),
        ([], "", 1.0, ""),
    ],
)
def test_at_rest_are_the_known_frames_of_the_first_seconds_with_one(times, known, seconds, resting):
    found = series.at_rest(np.isfinite(signal(known)), np.array(times), seconds=seconds)
    assert found.tolist() == [digit == "1" for digit in resting]
