"""Onset, apex and offset as tables of short signals, and against trying every pair of runs."""

from itertools import groupby, pairwise
from math import nan
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.dmarkers import phases
from tests.make.faces import Array

X = nan  # a gap
Span = tuple[int, int] | None  # first and last sample

PUBLISHED: dict[str, tuple[list[float], tuple[Span, Span, Span]]] = {
    "rise, stay, fall": ([0, 1, 2, 2, 2, 1, 0], ((0, 2), (3, 3), (4, 6))),
    "a longer stay": ([0, 1, 2, 2, 2, 2, 1, 0], ((0, 2), (3, 4), (5, 7))),
    "falls at once": ([0, 1, 2, 1, 0], ((0, 2), None, (2, 4))),
    "one interval of stay leaves no sample between": ([0, 1, 2, 2, 1], ((0, 2), None, (3, 4))),
    "an apex may tremble": ([0, 1, 2, 3, 2, 3, 2, 1, 0], ((0, 3), (4, 4), (5, 8))),
    "rise only": ([3, 3, 4, 5], ((1, 3), None, None)),
    "fall only": ([5, 4, 4, 3], (None, None, (0, 1))),
    "falls, then rises: no ordered pair": ([5, 3, 1, 0, 1], ((3, 4), None, None)),
    "a long fall before the smile": ([9, 7, 5, 3, 1, 2, 3, 2], ((4, 6), None, (6, 7))),
    "constant": ([1, 1, 1, 1], (None, None, None)),
    "total length decides": ([0, 2, 1, 1, 2, 3, 2, 1], ((3, 5), None, (5, 7))),
    "not the longest rise, if nothing falls after it": ([0, 1, 0, 1, 2, 3], ((0, 1), None, (1, 2))),
    # As long as the first pair, and higher
    "ties by amplitude": ([0, 1, 0, 0, 2, 0], ((3, 4), None, (4, 5))),
    "the first of equals": ([0, 2, 0, 0, 2, 0], ((0, 1), None, (1, 2))),
    "a gap ends a run": ([0, 1, X, 3, 4, 5, 4], ((3, 5), None, (5, 6))),
    "an apex spans a gap": ([0, 1, 2, 2, X, 2, 2, 1, 0], ((0, 2), (3, 5), (6, 8))),
    "nothing but a gap is no apex": ([0, 1, 2, X, 2, 1, 0], ((0, 2), None, (4, 6))),
    "a gap on the way up": ([0, 1, 2, X, 4, 4, 3], ((0, 2), (3, 4), (5, 6))),
    "nothing known": ([X, X, X], (None, None, None)),
    "one sample": ([1], (None, None, None)),
    "two samples": ([1, 2], ((0, 1), None, None)),
    "none": ([], (None, None, None)),
}


def spans(found: phases.Phases) -> tuple[Span, ...]:
    return tuple(None if p is None else (p.start, p.stop - 1) for p in found)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_rule(name):
    values, expected = PUBLISHED[name]
    lip, times = np.array(values, float), np.arange(len(values)) / 25.0
    found = phases.published(lip, times)
    assert spans(found) == expected


def test_length_is_time_and_not_samples():
    """Four samples rise within 0.03 s, two within a second."""
    times = np.array([0.0, 0.01, 0.02, 0.03, 1.0, 2.0, 3.0])
    lip = np.array([0.0, 1.0, 2.0, 3.0, 3.0, 4.0, 3.0])
    assert spans(phases.published(lip, times)) == ((4, 5), None, (5, 6))


def every_pair(lip: list[float]) -> tuple[Span, ...]:
    """The published rule by trying all: runs of equal sign, then every ordered pair of them."""
    signs = [float(np.sign(b - a)) for a, b in pairwise(lip)]
    runs, start = [], 0
    for sign, group in groupby(signs):
        last = start + len(list(group))
        runs.append((sign, start, last))
        start = last

    def worth(*chosen: tuple[float, int, int]) -> tuple[int, float]:
        return sum(b - a for _, a, b in chosen), sum(abs(lip[b] - lip[a]) for _, a, b in chosen)

    rises, falls = ([run for run in runs if run[0] == sign] for sign in (1.0, -1.0))
    pairs = [(up, down) for up in rises for down in falls if down[1] >= up[2]]
    if pairs:
        up, down = max(pairs, key=lambda pair: worth(*pair))
        apex = (up[2] + 1, down[1] - 1) if down[1] > up[2] + 1 else None
        return up[1:], apex, down[1:]
    if rises:
        return max(rises, key=worth)[1:], None, None
    return None, None, max(falls, key=worth)[1:] if falls else None


@given(st.lists(st.integers(0, 6), min_size=2, max_size=30))
def test_equals_trying_every_pair(values):
    lip = np.array(values, float)
    found = phases.published(lip, np.arange(len(lip)) / 8.0)
    assert spans(found) == every_pair(lip.tolist())


def known(lip: Array, span: Span) -> bool:
    return span is None or bool(np.isfinite(lip[span[0] : span[1] + 1]).all())


@given(values=st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=30))
def test_phases_are_in_order_and_no_run_crosses_a_gap(values):
    lip = np.array([nan if value is None else value for value in values], float)
    times = np.arange(len(lip)) / 25.0
    onset, apex, offset = spans(phases.published(lip, times))
    assert known(lip, onset)
    assert known(lip, offset)
    assert onset is None or onset[0] < onset[1], "an interval at least"
    if onset and offset:
        assert onset[1] <= offset[0]
        between = onset[1] + 1, offset[0] - 1
        some = np.isfinite(lip[between[0] : between[1] + 1]).any()
        assert apex == (between if some else None)
    else:
        assert apex is None


def test_many_runs_are_paired_at_once():
    """Six minutes of noise hold three thousand rises and as many falls."""
    lip = np.random.default_rng(0).normal(size=9_000)
    start = perf_counter()
    phases.published(lip, np.arange(9_000) / 25.0)
    assert perf_counter() - start < 5.0, "0.1 s; trying every pair took 45 s"
