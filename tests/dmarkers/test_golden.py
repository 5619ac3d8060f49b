"""The 25 features on paper: twelve samples at uneven times, three phases, every number by hand.

An interval carries the values of its last sample. D is the signal, S = D_left − D_right, V its
slope, A the change of V over the time between the middles of two intervals.
"""

from collections.abc import Callable
from itertools import pairwise
from math import nan, sqrt
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.dmarkers import features, phases
from duchenne.dmarkers.names import COLUMNS, FEATURES, PHASES
from duchenne.dmarkers.signals import Signal
from duchenne.face.topology import MESH
from tests.make.faces import markers, move, still

TIMES = np.array([0.0, 0.1, 0.3, 0.4, 0.6, 0.7, 1.0, 1.1, 1.3, 1.4, 1.7, 2.2])
LIP = np.array([1.0, 2.0, 3.0, 6.0, 6.0, 5.0, 6.0, 6.0, 4.0, 3.0, 2.0, 1.0])
LEVEL = np.array([2.0, 4.0, 3.0, 6.0, 7.0, 5.0, 5.0, 6.0, 4.0, 5.0, 2.0, -8.0])
SIDE = np.array([9.0, 1.0, 2.0, -3.0, 0.0, 4.0, -4.0, 7.0, 3.0, -1.0, 2.0, -1.0])
EYES = Signal(right=LEVEL - SIDE / 2.0, left=LEVEL + SIDE / 2.0)

SAMPLES = {"onset": slice(0, 4), "apex": slice(4, 7), "offset": slice(7, 12)}
EXPECTED = {
    # Δt .1 .2 .1; D 4 3 6; V 20 −5 30; D Δt .4 .6 .6; A −25/.15 and 35/.15; S 1 2 −3
    "onset": (
        *(0.2, 0.2, 0.4),  # rising .1 + .1, falling .2
        *(1 / 2, 1 / 2),
        6.0,
        *(4.0, 5.0, 3.0),  # 1.6/.4, (.4 + .6)/.2, .6/.2
        sqrt(3 / 2),  # (0·.1 + 1·.2 + 4·.1)/.4
        *(1.0, 0.6, 0.4),
        *(5 / 8, 3 / 8),
        *(30.0, 5.0, 25.0, 5.0),  # mean (20·.1 + 30·.1)/.2
        *(700 / 3, 500 / 3, 700 / 3, 500 / 3),
        1.0,  # .4/.4
        1 / 2,  # (1·.1 + 2·.2 − 3·.1)/.4
    ),
    # Δt .1 .3; D 5 5; V −20 0; D Δt .5 1.5; A 20/.2; S 4 −4: one falls, one does neither
    "apex": (
        *(0.0, 0.1, 0.4),
        *(0.0, 1 / 4),
        7.0,  # the first sample
        *(5.0, nan, 5.0),
        0.0,
        *(0.0, 0.5, -0.5),
        *(0.0, 1.0),
        *(nan, 20.0, nan, 20.0),
        *(100.0, nan, 100.0, nan),
        -5 / 4,  # −.5/.4
        -2.0,  # (4·.1 − 4·.3)/.4
    ),
    # Δt .2 .1 .3 .5; D 4 5 2 −8; V −10 10 −10 −20; D Δt .8 .5 .6 −4; S 3 −1 2 −1
    # A 20/.15, −20/.2, −10/.4
    "offset": (
        *(0.1, 1.0, 1.1),
        *(1 / 11, 10 / 11),
        6.0,
        *(-21 / 11, 5.0, 5.4),  # −2.1/1.1, .5/.1, (.8 + .6 + |−4|)/1
        sqrt(3838 / 121),  # ∫D² = 3.2 + 2.5 + 1.2 + 32 = 38.9; 38.9/1.1 − (21/11)²
        *(0.5, 5.4, -4.9),
        *(5 / 59, 54 / 59),
        *(10.0, 20.0, 10.0, 15.0),  # mean (10·.2 + 10·.3 + 20·.5)/1
        *(400 / 3, 100.0, 400 / 3, 50.0),  # mean (100·.2 + 25·.4)/.6
        -49 / 11,
        6 / 11,  # (3·.2 − 1·.1 + 2·.3 − 1·.5)/1.1
    ),
}


@pytest.mark.parametrize("phase", PHASES)
def test_features_on_paper(phase):
    found = features.compute(EYES, TIMES, SAMPLES[phase])
    expected = dict(zip((feature.name for feature in FEATURES), EXPECTED[phase], strict=True))
    for (name, value), number in zip(expected.items(), found, strict=True):
        assert number == pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True), name


def test_phases_on_paper():
    """0–3 rises for 0.4 s and 5–6 for 0.3 s; 4–5 falls for 0.1 s and 7–11 for 1.1 s."""
    found = phases.published(LIP, TIMES)
    assert found._asdict() == SAMPLES


def test_the_same_numbers_from_a_face_to_the_columns():
    """Eyes are 0.5 wide and mouth corners go outwards, so landmarks can be put where D and S are
    as above; what comes out are the columns of the eyes."""
    xyz = still(12)
    for role, level in ((MESH.upper_lids.right, EYES.right), (MESH.upper_lids.left, EYES.left)):
        move(xyz, role, y=0.15 - 0.5 * level)
    for role, sign in ((MESH.lip_corners.right, -1.0), (MESH.lip_corners.left, 1.0)):
        move(xyz, role, x=sign * 0.4 * (LIP - 1.0))
    found = markers(xyz, TIMES, neutral_s=0.05, smoothing="none", rest="start", rule="published")
    values = dict(zip(COLUMNS, found.features, strict=True))
    got = [values[f"eyes_{phase}_{feature.name}"] for phase in PHASES for feature in FEATURES]
    assert got == pytest.approx(np.concatenate([EXPECTED[p] for p in PHASES]), nan_ok=True)
    assert found.bounds.tolist() == [[0.0, 0.4], [0.6, 1.0], [1.1, 2.2]]
    assert found.signals.lip.mean == pytest.approx(LIP / 2.0)


def test_a_gap_takes_its_intervals_and_their_accelerations_away():
    """Sample 9 of the offset is lost: of its four intervals .2 and .5 are left, whose V are −10 and
    −20; no two of them touch, so there is no A."""
    lost = np.where(np.arange(12) == 9, nan, 1.0)
    found = features.compute(Signal(EYES.right * lost, EYES.left * lost), TIMES, SAMPLES["offset"])
    values = dict(zip((feature.name for feature in FEATURES), found, strict=True))
    assert values["dur"] == values["dur_fall"] == pytest.approx(0.7)
    assert values["dur_rise"] == values["total_rise"] == 0.0
    assert values["amp_mean"] == pytest.approx((4.0 * 0.2 - 8.0 * 0.5) / 0.7)
    assert values["speed_max_fall"] == pytest.approx(20.0)
    assert values["speed_mean_fall"] == pytest.approx((10.0 * 0.2 + 20.0 * 0.5) / 0.7)
    assert all(np.isnan(values[name]) for name in values if name.startswith("acc_"))


class Interval(NamedTuple):
    """Of the plain implementation below."""

    dt: float
    level: float
    side: float
    speed: float


def plain(level: list[float], side: list[float], times: list[float]) -> list[float]:
    """The table of reference formulas, one loop each, without gaps."""
    steps = [
        Interval(dt, level[i + 1], side[i + 1], (level[i + 1] - level[i]) / dt)
        for i, dt in enumerate(b - a for a, b in pairwise(times))
    ]
    pushes = [
        ((b.dt + a.dt) / 2.0, (b.speed - a.speed) / ((b.dt + a.dt) / 2.0))
        for a, b in pairwise(steps)
    ]
    up, down = [s for s in steps if s.speed > 0], [s for s in steps if s.speed < 0]
    faster, slower = [p for p in pushes if p[1] > 0], [p for p in pushes if p[1] < 0]
    dur, rise, fall = time(steps), time(up), time(down)
    gain, loss = total(up, lambda s: s.level), total(down, lambda s: abs(s.level))
    mean = share(total(steps, lambda s: s.level), dur)
    return [
        *(rise, fall, dur, share(rise, dur), share(fall, dur)),
        *(max(level), mean, share(gain, rise), share(loss, fall)),
        sqrt(share(total(steps, lambda s: (s.level - mean) ** 2), dur)) if dur else nan,
        *(gain, loss, gain - loss, share(gain, gain + loss), share(loss, gain + loss)),
        max((s.speed for s in up), default=nan),
        max((-s.speed for s in down), default=nan),
        share(total(up, lambda s: s.speed), rise),
        share(total(down, lambda s: -s.speed), fall),
        max((a for _, a in faster), default=nan),
        max((-a for _, a in slower), default=nan),
        share(sum(w * a for w, a in faster), sum(w for w, _ in faster)),
        share(sum(-w * a for w, a in slower), sum(w for w, _ in slower)),
        *(share(gain - loss, dur), share(total(steps, lambda s: s.side), dur)),
    ]


def time(steps: list[Interval]) -> float:
    return sum(step.dt for step in steps)


def total(steps: list[Interval], value: Callable[[Interval], float]) -> float:
    return sum(step.dt * value(step) for step in steps)


def share(above: float, below: float) -> float:
    return above / below if below else nan


steps_s = st.integers(1, 40).map(lambda number: number / 16.0)  # exact, so that signs are too
samples = st.tuples(steps_s, st.integers(0, 32).map(lambda n: n / 32.0), st.integers(-8, 8))


@given(st.lists(samples, min_size=1, max_size=20))
def test_features_equal_a_plain_loop(rows):
    steps, level, side = (np.array(column, float) for column in zip(*rows, strict=True))
    times = np.cumsum(steps)
    signal = Signal(right=level - side / 2.0, left=level + side / 2.0)
    found = features.compute(signal, times, slice(0, len(times)))
    expected = plain(level.tolist(), side.tolist(), times.tolist())
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)
