"""Blinks: found at any frame rate, told from other narrowings of the eyes, and bridged."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duchenne.datasets.demo.dynamics import rise
from duchenne.datasets.demo.motion import Blink as True_
from duchenne.dmarkers.blinks import MARGIN_S, Blink, apertures, bridge, find
from duchenne.dmarkers.names import COLUMNS
from duchenne.face.topology import DLIB, MESH, Topology
from duchenne.tables.blinks import BLINKS, blink_rows
from duchenne.tables.parquet import read, write
from tests.make.faces import PLANS, Array, clock, markers, move, smiling, still

OPEN = 0.38  # eye widths
NOISE = 0.003  # as much as the mesh trembles on the demo
SECONDS = 3.0


def every(rate: float, seconds: float = SECONDS) -> Array:
    return np.arange(round(seconds * rate)) / rate


def uneven(rate: float = 25.0) -> Array:
    times = every(rate)
    return np.asarray(times + np.random.default_rng(0).uniform(0.0, 0.6 / rate, len(times)))


CLOCKS = {f"{rate} Hz": every(rate) for rate in (15, 25, 30, 60, 120)} | {"uneven": uneven()}
EVERY_CLOCK = pytest.mark.parametrize("times", CLOCKS.values(), ids=CLOCKS.keys())


def eyes(
    times: Array, *blinks: True_, narrowed: Array | float = 0.0, noise: float = NOISE, seed: int = 0
) -> Array:
    """Openings (T, 2) of two eyes with blinks; `narrowed` is the share that something else takes"""
    opening = OPEN * (1.0 - np.broadcast_to(narrowed, times.shape))
    for blink in blinks:
        opening = opening * (1.0 - blink.closure(times))
    return np.asarray(
        opening[:, None] + np.random.default_rng(seed).normal(0.0, noise, (len(times), 2))
    )


def narrowing(times: Array, *, start: float, onset: float, stays: float, share: float) -> Array:
    """As a smile does: narrower within `onset` s, for `stays` s, and open again as fast."""
    down, up = (times - start) / onset, (times - start - onset - stays) / onset
    return np.asarray(share * (rise(down) - rise(up)))


# ---- What is a blink -----------------------------------------------------------------------------
@EVERY_CLOCK
def test_a_blink_is_found_at_its_moment_with_its_depth(times: Array):
    for late in np.arange(5) / 125.0:  # its deepest moment lies anywhere between frames
        true, near = True_(1.4 + late, 0.9), 0.1 if len(times) > 50 else 0.2
        [found] = find(eyes(times, true), times)
        assert found.shut == pytest.approx(true.peak_s, abs=0.02)
        assert found.depth == pytest.approx(true.depth, rel=near)
        assert found.start == pytest.approx(true.peak_s - 0.09, abs=0.03)
        assert found.end == pytest.approx(true.peak_s + 0.155, abs=0.05)


@EVERY_CLOCK
@pytest.mark.parametrize("apart", [0.6, 0.4])
def test_two_blinks_are_two(times: Array, apart: float):
    first, second = True_(1.0, 0.9), True_(1.0 + apart, 0.75)
    found = find(eyes(times, first, second), times)
    assert [blink.shut for blink in found] == pytest.approx([1.0, 1.0 + apart], abs=0.03)
    assert [blink.depth for blink in found] == pytest.approx([0.9, 0.75], rel=0.15)


@EVERY_CLOCK
@pytest.mark.parametrize("onset", [0.2, 0.6, 2.0])
def test_a_blink_while_a_smile_narrows_the_eyes_is_found(times: Array, onset: float):
    smile = narrowing(times, start=0.8, onset=onset, stays=1.0, share=0.4)
    [found] = find(eyes(times, True_(0.8 + onset / 2.0, 0.9), narrowed=smile), times)
    assert found.shut == pytest.approx(0.8 + onset / 2.0, abs=0.03)
    assert found.depth == pytest.approx(0.9, rel=0.15)


def unblinking(times: Array) -> dict[str, Array]:
    """Openings in which no blink is to be found."""
    wink = eyes(times)
    wink[:, 0] *= 1.0 - True_(1.5, 1.0).closure(times)
    wink[:, 1] *= 1.0 - True_(1.5, 0.2).closure(times)

    def smile(**how: float) -> Array:
        return eyes(times, narrowed=narrowing(times, **how))

    return {
        "still": eyes(times, noise=0.0),
        "crossed": np.where(np.arange(len(times)) % 11, -0.1, 0.0)[:, None] + [0.0, 0.0],
        "shut": 0.02 * eyes(times),
        "wink": wink,
        "short smile": smile(start=0.5, onset=0.35, stays=0.45, share=0.5),
        "slow smile": smile(start=0.3, onset=1.0, stays=0.4, share=0.5),
        "narrows at once": smile(start=1.5, onset=0.2, stays=9.0, share=0.5),
        "smile that goes on": smile(start=SECONDS - 0.35, onset=0.4, stays=9.0, share=0.5),
        "smile that begins": smile(start=SECONDS - 0.2, onset=0.15, stays=9.0, share=0.28),
        "smile that was on": smile(start=-1.0, onset=0.4, stays=0.75, share=0.5),
        "shut for a second": smile(start=0.8, onset=0.1, stays=1.0, share=0.95),
    }


@pytest.mark.parametrize("case", unblinking(every(25)))
@EVERY_CLOCK
def test_what_is_no_blink(times: Array, case: str):
    assert find(unblinking(times)[case], times) == []


@EVERY_CLOCK
def test_tremble_hides_no_blink_and_is_none(times: Array):
    much = (
        0.032  # of a mesh at the limit quality.max_jitter, on eyes of 0.44 inter-ocular distances
    )
    for seed in range(10):
        assert find(eyes(times, noise=much, seed=seed), times) == []
        [found] = find(eyes(times, True_(1.4, 0.75), noise=much, seed=seed), times)
        assert found.shut == pytest.approx(1.4, abs=0.06)


@EVERY_CLOCK
def test_an_eye_that_stays_shut_for_a_moment_has_blinked(times: Array):
    held = np.where(times < 1.4, times, np.maximum(times - 0.12, 1.4))  # from 1.4 to 1.52 s
    [found] = find(eyes(held, True_(1.4, 1.0)), times)
    assert 1.38 < found.shut < 1.54
    assert found.start - MARGIN_S <= 1.38 and found.end + MARGIN_S >= 1.6
    assert found.depth == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("seed", [622, 838, 913])
def test_a_depth_is_a_share_of_an_open_eye(seed: int):
    """Without a look at the opening, these walks hold blinks of a negative depth."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0.0, 0.1, 40)) * rng.integers(0, 2) + rng.normal(0.0, 0.15, 40)
    found = find(np.column_stack([walk, walk]) + 0.1, every(25.0, 1.6))
    assert all(0.0 < blink.depth <= 1.0 for blink in found)


def test_lids_that_cross_are_shut():
    times = every(60)
    [found] = find(eyes(times, True_(1.4, 1.2)), times)
    assert found.depth == 1.0


# ---- Ends and gaps -------------------------------------------------------------------------------
@EVERY_CLOCK
@pytest.mark.parametrize("peak", [0.0, 0.04, 0.1, SECONDS - 0.12, SECONDS - 0.06])
def test_a_blink_that_the_clip_cuts_is_found(times: Array, peak: float):
    [found] = find(eyes(times, True_(peak, 0.95)), times)
    assert times[0] <= found.start <= found.shut <= found.end <= times[-1]
    assert found.shut == pytest.approx(peak, abs=0.07)


@EVERY_CLOCK
def test_a_blink_beside_a_gap_is_found(times: Array):
    true = True_(1.5, 0.9)
    for lost in (
        times < 1.2,
        times > 1.9,
        (times > 1.3) & (times < 1.43),
        np.abs(times - 1.8) < 0.1,
    ):
        opening = eyes(times, true)
        opening[lost, 1] = np.nan
        [found] = find(opening, times)
        assert found.shut == pytest.approx(1.5, abs=0.04)


@pytest.mark.parametrize("count", range(6))
def test_a_few_samples_hold_no_blink(count: int):
    times = every(25)[:count]
    assert find(eyes(times), times) == []
    assert find(np.full((count, 2), np.nan), times) == []


@given(
    st.lists(st.tuples(st.floats(0.002, 0.3), st.floats(-0.2, 0.6), st.booleans()), max_size=60),
    st.integers(0, 99),
)
@settings(max_examples=60)
def test_blinks_of_any_signal_are_in_order_and_apart(
    samples: list[tuple[float, float, bool]], seed: int
):
    steps, values, known = (
        (np.array(column) for column in zip(*samples, strict=True))
        if samples
        else (np.zeros(0),) * 3
    )
    times = np.cumsum(steps)
    opening = np.where(known[:, None] > 0, eyes(times, seed=seed) + values[:, None] - OPEN, np.nan)
    found = find(opening, times)
    for blink in found:
        assert times[0] <= blink.start <= blink.shut <= blink.end <= times[-1]
        assert 0.0 < blink.depth <= 1.0
    assert all(a.end <= b.start for a, b in pairwise(found))
    bridged = bridge(opening, times, found)
    assert (np.isnan(bridged) == np.isnan(opening)).all()


# ---- Apertures -----------------------------------------------------------------------------------
@pytest.mark.parametrize("topology", [MESH, DLIB])
def test_an_opening_has_no_jump_and_no_head_in_it(topology: Topology):
    xyz = still(5, topology)
    for lid in (topology.upper_lids.right, topology.upper_lids.left):
        move(xyz, lid, y=np.linspace(0.0, 0.2, 5), x=0.03)  # past the line of the corners
    straight = np.linspace(0.3, -0.1, 5)  # 0.15 above the line, in eyes 0.5 wide
    turn = np.radians(30.0)
    rolled = xyz.copy()
    rolled[..., :2] = (
        7.0 * xyz[..., :2] @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    )
    for shown in (xyz, rolled, xyz * [-1.0, 1.0, 1.0]):
        assert apertures(shown, topology) == pytest.approx(np.column_stack([straight, straight]))
    xyz[2, topology.upper_lids.left] = np.nan
    assert np.isnan(apertures(xyz, topology)).sum() == 1


def test_the_blinks_of_planned_clips_are_found_in_landmarks():
    for clip in PLANS[:20]:
        times = clock(clip, clip.fps)
        xyz = smiling(clip.drives(times))
        xyz += np.random.default_rng(0).normal(0.0, 0.002, xyz.shape)
        found = [blink.shut for blink in find(apertures(xyz, MESH), times)]
        assert found == pytest.approx([blink.peak_s for blink in clip.blinks], abs=0.02), clip.clip


# ---- Bridges -------------------------------------------------------------------------------------
@EVERY_CLOCK
def test_a_bridge_leaves_the_smile_and_takes_the_blink(times: Array):
    smile = narrowing(times, start=0.8, onset=0.6, stays=0.5, share=0.4)
    true, shut = eyes(times, narrowed=smile), eyes(times, True_(1.1, 0.9), narrowed=smile)
    blinks = find(shut, times)
    bridged = bridge(shut, times, blinks)
    outside = (times < blinks[0].start - MARGIN_S) | (times > blinks[0].end + MARGIN_S)
    assert (bridged[outside] == shut[outside]).all()
    assert np.abs(bridged - true).max() < 0.1 * OPEN < 0.5 * OPEN < np.abs(shut - true).max()


def test_at_an_end_the_last_open_sample_is_held():
    times = every(25)
    values = np.column_stack([times, -times])
    bridged = bridge(values, times, [Blink(0.0, 0.1, 0.21, 1.0), Blink(2.71, 2.8, 2.96, 1.0)])
    assert (bridged[times < 0.27, 0] == 0.28).all()
    assert bridged[times > 2.65, 1] == pytest.approx(-2.64)
    assert (
        bridged[(times > 0.27) & (times < 2.65)] == values[(times > 0.27) & (times < 2.65)]
    ).all()


def test_gaps_stay_and_a_bridge_crosses_them():
    times = every(25, 1.0)
    values = np.column_stack([times, np.full(25, np.nan)])
    values[9:12, 0] = np.nan
    bridged = bridge(values, times, [Blink(0.4, 0.5, 0.6, 1.0)])
    assert np.isnan(bridged[9:12]).all() and np.isnan(bridged[:, 1]).all()
    assert bridged[12:17, 0] == pytest.approx(times[12:17])
    everything = [Blink(0.0, 0.5, 1.0, 1.0)]
    assert bridge(values, times, everything) == pytest.approx(values, nan_ok=True)


def test_d_markers_of_the_eyelids_no_longer_see_a_blink():
    eyes_of = [column.startswith("eyes_") for column in COLUMNS]
    for clip in PLANS[:8]:
        times = clock(clip, 25.0)
        # in the onset, half-way
        shut = replace(clip, blinks=(True_(clip.smile.start_s + clip.smile.onset_s / 2.0, 0.9),))
        plain, blinks = (smiling(each.drives(times)) for each in (replace(clip, blinks=()), shut))
        without, bridged, kept = (
            markers(xyz, times, blinks=how)
            for xyz, how in ((plain, "bridge"), (blinks, "bridge"), (blinks, "keep"))
        )
        assert (len(without.blinks), len(bridged.blinks), len(kept.blinks)) == (0, 1, 1)
        assert np.array_equal(bridged.bounds, without.bounds)
        for name in ("lip", "cheek"):
            one, other = getattr(bridged.signals, name), getattr(without.signals, name)
            assert np.array_equal(one.mean, other.mean)
        dip = np.abs(kept.signals.eyelid.mean - without.signals.eyelid.mean).max()
        left = np.abs(bridged.signals.eyelid.mean - without.signals.eyelid.mean).max()
        assert left < 0.15 * dip
        amplitude = COLUMNS.index("eyes_onset_total_fall")
        off = [abs(found.features[amplitude] - without.features[amplitude])
               for found in (bridged, kept)]  # fmt: skip
        assert off[0] < 0.2 * off[1]
        same = bridged.features[~np.array(eyes_of)], without.features[~np.array(eyes_of)]
        assert np.array_equal(*same, equal_nan=True)


def test_the_table_has_a_row_for_each_blink(tmp_path: Path):
    found = [Blink(0.1, 0.2, 0.3, 0.9), Blink(1.1, 1.2, 1.3, 0.8)]
    for blinks in ([], found):
        write(BLINKS, tmp_path / "blinks.parquet", blink_rows("a", blinks))
        rows = read(BLINKS, tmp_path / "blinks.parquet").to_pylist()
        assert [(row["clip"], row["blink"]) for row in rows] == [("a", 0), ("a", 1)][: len(blinks)]
        assert [Blink(*(row[name] for name in Blink._fields)) for row in rows] == blinks
