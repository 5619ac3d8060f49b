"""4253H, twice: examples worked by hand, a plain implementation, and what a smoother must do."""

from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.dmarkers import tukey
from tests.make.faces import Array

CASES: dict[str, tuple[list[float], list[float]]] = {
    "one": ([7], [7]),
    "two stay": ([7, 1], [7, 1]),
    # 4,2: middle (0 + 2·8 + 0)/4 = 4; 5, of three: 0. Twice: the rest is the same spike again.
    "three, spike": ([0, 8, 0], [0, 0, 0]),
    # 4,2: (4 + 0)/2 = 2 beside 0; the median of 0, 2, 0 is 0
    "four, spike": ([0, 8, 0, 0], [0, 0, 0, 0]),
    "spike": ([0, 0, 0, 9, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]),
    "ramp": ([1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7]),
    # 4,2: 0 0 1/4 3/4 1 1, which 5 and 3 keep; H: (0 + 0 + 1/4)/4 = 1/16, (0 + 1/2 + 3/4)/4 = 5/16.
    # The rest, in 64ths: 0 −4 −20 20 4 0; 4,2: 0 −2 −1 1 2 0; 5: 0 −1 0 0 1 0; 3: nothing is left.
    "six, step": ([0, 0, 0, 16, 16, 16], [0, 1, 5, 11, 15, 16]),
    # As before: 0 0 1/16 5/16 11/16 15/16 1 1. The rest in 64ths: 0 0 −4 −20 20 4 0 0; 4,2:
    # 0 −1 −2 −1 1 2 1 0; 5: 0 −1 −1 −1 1 1 1 0; ends: −1 and 1; H: −1 −1 −1 −1/2 and so on.
    "eight, step": (
        [0, 0, 0, 0, 128, 128, 128, 128],
        [-2, -2, 6, 39, 89, 122, 130, 130],
    ),
    # 4,2: 0 0 0 5/2 10, which 5 and 3 keep. End: a line through 5/2 and 0 is at 15/2 one step
    # beyond, the middle one of 10, 5/2, 15/2. H: 0 0 5/8 25/8 15/2. The rest in 32nds: 0 0 −20 −100
    # 80; 4,2: 0 −5 −10 −10 80; 5: 0 −5 −5 −10 80; 3: 0 −5 −5 −5 80; both ends become −5.
    "five, an end that flies off": (
        [0, 0, 0, 0, 320],
        [-5, -5, 15, 95, 235],
    ),
}


def column(values: list[float]) -> Array:
    return np.array(values, float)[:, None]


@pytest.mark.parametrize("name", CASES)
def test_on_paper(name):
    values, expected = CASES[name]
    assert tukey.smooth(column(values))[:, 0] == pytest.approx(expected, abs=1e-12)
    mirrored = tukey.smooth(column(values[::-1]))[:, 0]
    assert mirrored == pytest.approx(expected[::-1], abs=1e-12)


def plain_once(y: list[float]) -> list[float]:
    """Sample by sample, as it is told in the book; three samples or more."""
    n = len(y)
    halves = [median(y[max(i - 1, 0) : i + 3] if 0 < i < n - 2 else y[i : i + 2])
              for i in range(n - 1)]  # fmt: skip
    y2 = [y[0], *((a + b) / 2 for a, b in pairwise(halves)), y[-1]]
    near = [min(i, n - 1 - i, 2) for i in range(n)]
    y5 = [median(y2[i - k : i + k + 1]) for i, k in enumerate(near)]
    y3 = [median(y5[i - min(k, 1) : i + min(k, 1) + 1]) for i, k in enumerate(near)]
    first = median([y3[0], y3[1], 3 * y3[1] - 2 * y3[2]])
    last = median([y3[-1], y3[-2], 3 * y3[-2] - 2 * y3[-3]])
    ends = [first, *y3[1:-1], last]
    inner = [(ends[i - 1] + 2 * ends[i] + ends[i + 1]) / 4 for i in range(1, n - 1)]
    return [ends[0], *inner, ends[-1]]


def plain(y: list[float]) -> list[float]:
    once = plain_once(y)
    rest = plain_once([a - b for a, b in zip(y, once, strict=True)])
    return [a + b for a, b in zip(once, rest, strict=True)]


numbers = st.floats(-100.0, 100.0).map(lambda number: round(number, 3))
signals = st.lists(numbers, min_size=1, max_size=30)


@given(st.lists(numbers, min_size=3, max_size=30))
def test_equals_a_plain_implementation(values):
    assert tukey.smooth(column(values))[:, 0] == pytest.approx(plain(values), abs=1e-9)


@given(count=st.integers(1, 30), start=numbers, slope=numbers)
def test_lines_stay_lines(count, start, slope):
    line = column([start + slope * i for i in range(count)])
    assert tukey.smooth(line) == pytest.approx(line, abs=1e-9)
    constant = np.full_like(line, start)
    assert np.array_equal(tukey.smooth(constant), constant)


@given(values=signals, shift=numbers, scale=numbers)
def test_shift_and_scale_pass_through(values, shift, scale):
    smooth = tukey.smooth(column(values))
    assert tukey.smooth(scale * column(values) + shift) == pytest.approx(
        scale * smooth + shift, abs=1e-6
    )


@given(values=signals)
def test_time_may_run_backwards(values):
    assert tukey.smooth(column(values)[::-1])[::-1] == pytest.approx(
        tukey.smooth(column(values)), abs=1e-9
    )


@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=30))
def test_columns_know_nothing_of_each_other(rows):
    values = np.array(rows)
    values[:, 2] = np.nan  # as cheeks are where there are none
    smooth = tukey.smooth(values)
    for place in range(2):
        alone = tukey.smooth(values[:, place : place + 1])
        assert np.array_equal(smooth[:, place : place + 1], alone)
    assert np.isnan(smooth[:, 2]).all()


@given(data=st.data(), count=st.integers(3, 30), level=numbers, height=st.floats(-1e6, 1e6))
def test_a_single_spike_leaves_no_trace_but_at_the_ends(data, count, level, height):
    values = np.full((count, 1), level)
    values[data.draw(st.integers(1, count - 2))] += height
    assert tukey.smooth(values) == pytest.approx(np.full((count, 1), level), abs=1e-9)


def test_what_came_in_stays_as_it_was():
    values = column([0, 5, 1, 7, 2, 9])
    before = values.copy()
    tukey.smooth(values)
    assert np.array_equal(values, before)
