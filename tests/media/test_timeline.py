from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.media.timeline import Timeline, thin, tick_of

STEP = Fraction(1, 25)


def place(stamps: list[float | None]) -> tuple[list[float], Timeline]:
    timeline = Timeline(STEP)
    ticks = [None if stamp is None else Fraction(stamp) * STEP for stamp in stamps]
    return [round(timeline.place(tick) * 25, 6) for tick in ticks], timeline


@pytest.mark.parametrize(
    ("stamps", "times", "repaired"),
    [
        ([0, 1, 2], [0, 1, 2], 0),
        ([1000, 1001, 1002], [0, 1, 2], 0),
        ([-5, -4, -3], [0, 1, 2], 0),
        ([0, 1, 1, 3], [0, 1, 2, 3], 1),
        ([0, 1, 1, 2, 3, 9], [0, 1, 2, 3, 4, 9], 3),
        ([0, 2, 1, 3], [0, 2, 3, 4], 2),
        ([0, 1, 2, 0, 1, 2], [0, 1, 2, 3, 4, 5], 3),
        ([None, None, None], [0, 1, 2], 3),
        ([4, None, 6], [0, 1, 2], 1),
        ([0, 1, 7, 7.5], [0, 1, 7, 7.5], 0),
    ],
    ids=str,
)
def test_times_start_at_zero_and_grow(stamps, times, repaired):
    placed, timeline = place(stamps)
    assert placed == times
    assert timeline.repaired == repaired
    assert timeline.last == pytest.approx(times[-1] / 25)


@pytest.mark.parametrize(
    ("stamps", "steady", "skipped"),
    [
        (list(range(30)), True, 0),
        ([*range(20), *range(27, 40)], True, 7),
        ([0, 1, 4, 5, 9, 30], False, 25),
    ],
    ids=["even", "a hole", "variable"],
)
def test_a_hole_is_told_from_a_variable_rate(stamps, steady, skipped):
    _, timeline = place(stamps)
    assert (timeline.is_steady, timeline.skipped) == (steady, skipped)


def kept(times: list[float], fps: float = 25.0) -> list[float]:
    return list(thin(times, fps=fps, time=lambda time: time))


@pytest.mark.parametrize("rate", [5, 10, 24, 25])
def test_a_slower_source_is_kept_whole(rate):
    times = [number / rate for number in range(60)]
    assert kept(times) == times


@pytest.mark.parametrize("rate", [50, 75, 100, 200, 1000])
def test_a_multiple_of_the_rate_gives_exactly_the_clock(rate):
    assert kept([number / rate for number in range(2 * rate - rate // 50)]) == pytest.approx(
        [tick / 25 for tick in range(50)]
    )


def test_halfway_belongs_to_the_earlier_tick():
    """So that five seconds at 50 per s are 125 pictures, not 126."""
    assert len(kept([number / 50 for number in range(250)])) == 125


def test_the_nearest_frame_of_a_tick_wins():
    assert kept([0.0, 0.025, 0.037, 0.05, 0.2, 0.21]) == [0.0, 0.037, 0.2]


@given(
    st.lists(st.floats(0.0001, 0.5), max_size=80),
    st.floats(1, 120),
)
def test_what_is_kept(gaps, fps):
    times = [0.0]
    for gap in gaps:
        times.append(times[-1] + gap)
    result = kept(times, fps)
    ticks = [tick_of(time, fps) for time in result]
    assert result[0] == 0.0
    assert set(result) <= set(times)
    assert all(a < b for a, b in pairwise(result))
    assert all(a < b for a, b in pairwise(ticks))
    assert set(ticks) == {tick_of(time, fps) for time in times}


def test_nothing_in_nothing_out():
    assert kept([]) == []


def test_one_frame_is_held_and_no_more():
    taken: list[int] = []

    def source() -> Iterator[float]:
        for number in range(100):
            taken.append(number)
            yield number / 25

    stream = thin(source(), fps=25, time=lambda time: time)
    next(stream)
    assert len(taken) == 2
