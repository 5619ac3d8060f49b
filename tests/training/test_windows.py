"""Windows are cut by time: by hand, against a plain search, and whatever the clip."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.training.windows import Ruler, draw, shows, spread

UNEVEN = np.array([0.0, 0.19, 0.43, 0.58, 0.81])
FOUR = Ruler(frames=4, fps=5.0)


@pytest.mark.parametrize(
    ("times", "start", "stretch", "frames", "there"),
    [
        pytest.param(UNEVEN, 0.0, 1.0, [0, 1, 2, 3], "yyyy", id="the nearest frame"),
        # 0.3 is 0.11 from frame 1, and 0.7 as far from frame 4: more than half of 0.2.
        pytest.param(UNEVEN, 0.1, 1.0, [1, 1, 2, 4], "ynyn", id="none near enough"),
        pytest.param(UNEVEN, 0.0, 1.5, [0, 1, 3, 4], "yyyy", id="stretched: every 0.3 s"),
        pytest.param(UNEVEN, 0.0, 2.0, [0, 2, 4, 4], "yyyn", id="stretched beyond the end"),
        pytest.param([0.0, 0.2], 0.0, 1.0, [0, 1, 1, 1], "yynn", id="a short clip"),
        pytest.param([3.0], 3.0, 1.0, [0, 0, 0, 0], "ynnn", id="a single frame"),
        pytest.param([0.0, 0.125, 0.375, 0.625, 0.875], 0.0, 1.25, [0, 1, 2, 3], "yyyy",
                     id="half a step is near enough, and of two frames the earlier"),
        pytest.param([0.0, 0.301], 0.0, 1.0, [0, 1, 1, 1], "ynyn", id="more than half is not"),
    ],
)  # fmt: skip
def test_a_window_by_hand(times, start, stretch, frames, there):
    found, present = FOUR.cut(np.array(times), start, stretch=stretch)
    assert found.tolist() == frames
    assert "".join("ny"[int(one)] for one in present) == there


@pytest.mark.parametrize(
    ("times", "start", "stretch", "past"),
    [
        ([0.0, 0.2], 0.0, 1.0, "nnyy"),
        ([0.0, 0.2, 0.7], 0.0, 1.0, "nnnn"),  # 0.4 is in a gap
        ([0.0, 0.5], 0.0, 1.0, "nnnn"),  # 0.6 is within half a step of the end
        ([0.0, 0.2], 0.0, 2.0, "nnyy"),
        ([3.0], 3.0, 1.0, "nyyy"),
    ],
)
def test_what_lies_past_the_end_by_hand(times, start, stretch, past):
    found = FOUR.past(np.array(times), start, stretch=stretch)
    assert "".join("ny"[int(one)] for one in found) == past


CLIPS = st.lists(st.floats(1e-3, 0.7), min_size=0, max_size=20).map(
    lambda gaps: 0.25 + np.concatenate([[0.0], np.cumsum(gaps)])
)
RULERS = st.builds(Ruler, frames=st.integers(2, 9), fps=st.floats(1.0, 30.0))
STRETCHES = st.floats(0.5, 1.5)


@given(times=CLIPS, ruler=RULERS, start=st.floats(0.0, 15.0), stretch=STRETCHES)
def test_a_window_is_what_a_plain_search_finds(times, ruler, start, stretch):
    found, present = ruler.cut(times, start, stretch=stretch)
    for place, (frame, there) in enumerate(zip(found, present, strict=True)):
        off = np.abs(times - (start + place * (stretch / ruler.fps)))
        assert frame == off.argmin()
        assert there == (off.min() <= 0.5 * stretch / ruler.fps + 1e-6)


@pytest.mark.parametrize(
    ("seconds", "stretch", "last"),
    [(4.0, 1.0, 1.0), (3.0, 1.0, 0.0), (2.0, 1.0, 0.0), (4.0, 1.2, 0.4), (4.0, 0.8, 1.6)],
)
def test_the_last_start_leaves_room_for_a_whole_window(seconds, stretch, last):
    """16 frames, 5 a second, are 15 steps of 0.2 s."""
    ruler, times = Ruler(16, 5.0), np.arange(round(25 * seconds) + 1) / 25
    start = ruler.last_start(times, stretch=stretch)
    assert start == pytest.approx(last)
    found, present = ruler.cut(times, start, stretch=stretch)
    if last:
        assert present.all()
        assert found[-1] == len(times) - 1


def test_a_short_clip_is_masked_and_not_filled_up():
    _, present = Ruler(16, 5.0).cut(np.arange(10) / 5, 0.0)
    assert present.tolist() == [True] * 10 + [False] * 6


@pytest.mark.parametrize(
    ("seconds", "count", "starts"),
    [
        pytest.param(4.0, 5, [0.0, 0.25, 0.5, 0.75, 1.0], id="both ends, evenly"),
        pytest.param(4.0, 1, [0.5], id="one lies between"),
        pytest.param(4.0, 2, [0.0, 1.0], id="two at both ends"),
        pytest.param(3.0, 5, [0.0], id="a clip as long as a window has one"),
        pytest.param(1.0, 5, [0.0], id="a shorter one too"),
    ],
)
def test_test_windows_are_spread_evenly_and_none_comes_twice(seconds, count, starts):
    times = np.arange(round(25 * seconds) + 1) / 25
    seen = np.ones(len(times), bool)
    assert spread(Ruler(16, 5.0), times, seen=seen, count=count) == pytest.approx(starts)


@pytest.mark.parametrize(
    ("faces", "starts"),
    [
        pytest.param(range(90, 101), [0.75, 1.0], id="windows before the first face are left out"),
        # No window looks at frame 7: they step over it, 0, 5, 10, …, 6, 11, … and so on.
        pytest.param([7], [0.28], id="where all windows miss the face one starts there"),
    ],
)
def test_test_windows_show_a_face(faces, starts):
    times = np.arange(101) / 25
    seen = np.isin(np.arange(101), list(faces))
    assert spread(Ruler(16, 5.0), times, seen=seen, count=5) == pytest.approx(starts)


def test_training_draws_every_start_the_last_one_included():
    """The published randint(0, T - 16) never draws the last, so of 17 frames one is never seen."""
    ruler, times, rng = Ruler(16, 5.0), np.arange(17) / 5, np.random.default_rng(0)
    seen = np.ones(17, bool)
    cuts = [ruler.cut(times, draw(ruler, times, seen=seen, rng=rng))[0] for _ in range(50)]
    assert {cut[0] for cut in cuts} == {0, 1}
    assert {cut[-1] for cut in cuts} == {15, 16}


@st.composite
def faces(draw: st.DrawFn):
    """A clip's times, and in which of its frames there is a face: in one at least."""
    times = draw(CLIPS)
    shown = draw(st.sets(st.integers(0, len(times) - 1), min_size=1))
    return times, np.isin(np.arange(len(times)), list(shown))


@given(clip=faces(), ruler=RULERS, stretch=STRETCHES, seed=st.integers(0, 9))
def test_no_drawn_window_is_without_a_face(clip, ruler, stretch, seed):
    times, seen = clip
    start = draw(ruler, times, seen=seen, rng=np.random.default_rng(seed), stretch=stretch)
    assert shows(ruler, times, start, seen=seen, stretch=stretch)


@given(clip=faces(), ruler=RULERS, count=st.integers(1, 7))
def test_no_test_window_is_without_a_face(clip, ruler, count):
    times, seen = clip
    starts = spread(ruler, times, seen=seen, count=count)
    assert 1 <= len(starts) <= count
    assert starts == sorted(set(starts))
    assert all(shows(ruler, times, start, seen=seen) for start in starts)
    assert all(times[0] <= start <= times[-1] for start in starts)


def test_a_window_shows_a_face_only_where_its_own_moments_do():
    times, seen = np.arange(101) / 25, np.isin(np.arange(101), [7])
    assert not shows(Ruler(16, 5.0), times, 0.0, seen=seen)
    assert shows(Ruler(16, 5.0), times, 0.08, seen=seen)
    assert shows(Ruler(16, 5.0), times, 0.0, seen=seen, stretch=1.4)
