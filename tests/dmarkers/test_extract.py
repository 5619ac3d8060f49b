"""D-Markers of whole clips: what always holds, what gaps do, and the truth of the demo's smiles."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duchenne.datasets.demo.plan import ClipPlan
from duchenne.dmarkers.extract import Markers, names_at
from duchenne.dmarkers.names import COLUMNS, FEATURES, PHASES, REGIONS
from duchenne.face.topology import DLIB, MESH
from tests.make.faces import NEUTRAL_S, PLANS, Array, clock, jittered, markers, move, smiling, still

NAMES = [feature.name for feature in FEATURES]
END_S = 0.07  # at the end of a stretch, where savgol's slopes are not known
SMOOTHINGS = ("savgol", "4253h", "none")
EVERY_WAY = pytest.mark.parametrize(
    ("smoothing", "rule"), [(way, rule) for way in SMOOTHINGS for rule in ("events", "published")]
)


def blocks(found: Markers) -> Array:
    """(regions, phases, features)."""
    return found.features.reshape(len(REGIONS), len(PHASES), len(NAMES))


def feature(found: Markers, name: str) -> Array:
    """(regions, phases)."""
    return np.asarray(blocks(found)[:, :, NAMES.index(name)])


def columns(*starts: str) -> list[int]:
    """The columns whose feature begins so, in onset and offset."""
    return [
        number
        for number, column in enumerate(COLUMNS)
        if column.split("_", 2)[2].startswith(starts) and "_apex_" not in column
    ]


# ---- Regions outside the picture -----------------------------------------------------------------
@pytest.mark.parametrize("gone", [("eyes",), ("cheeks",), ("eyes", "cheeks")], ids=str)
def test_a_region_outside_the_picture_has_no_features_and_the_others_keep_theirs(gone):
    """What a mesh guesses outside changes nothing."""
    times = clock(PLANS[1], 25.0)
    xyz = jittered(PLANS[1], times, noise=0.002)
    whole, out = markers(xyz, times), np.zeros((len(times), 3), bool)
    places = [REGIONS.index(region) for region in gone]
    out[::2, places] = True
    for guess in (0.0, 0.3):
        guessed = xyz + 0.0
        if "cheeks" in gone:
            move(guessed, (50, 280), x=guess * np.sin(times))
        found = markers(guessed, times, out=out)
        assert found.absent == gone
        assert np.isnan(blocks(found)[places]).all()
        kept = np.delete(np.arange(3), places)
        np.testing.assert_allclose(blocks(found)[kept], blocks(whole)[kept], rtol=1e-6)
        assert bool(found.blinks) == (bool(whole.blinks) and "eyes" not in gone)


def test_nothing_is_known_of_a_smile_with_the_mouth_outside():
    times = clock(PLANS[1], 25.0)
    found = markers(
        jittered(PLANS[1], times, noise=0.002), times,
        out=np.tile([False, False, True], (len(times), 1)),
    )  # fmt: skip
    assert (found.absent, found.chosen, found.smiles.events) == (("mouth",), None, ())
    assert np.isnan(found.features).all()
    assert np.isnan(found.bounds).all()
    assert np.isfinite(found.signals.eyelid.mean).all()


def test_a_few_frames_outside_are_a_gap_like_frames_without_a_face():
    times = clock(PLANS[1], 25.0)
    xyz = jittered(PLANS[1], times, noise=0.002)
    lost = np.zeros(len(times), bool)
    lost[3 : 3 + len(times) // 20] = True
    found = markers(xyz, times, out=lost[:, None] & np.array([True, False, True]))
    faceless = markers(np.where(lost[:, None, None], np.nan, xyz), times)
    assert found.absent == ()
    np.testing.assert_array_equal(found.features, faceless.features)
    np.testing.assert_array_equal(found.signals.lip.mean, faceless.signals.lip.mean)


# ---- What holds for any clip ---------------------------------------------------------------------
@st.composite
def clips(draw: st.DrawFn) -> tuple[Array, Array]:
    """Landmarks that wander, tremble, stand still and get lost, at uneven times."""
    steps = draw(st.lists(st.floats(0.005, 0.3), max_size=40))
    times = np.concatenate([[0.0], np.cumsum(steps)]) + draw(st.floats(0.0, 5.0))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    xyz = still(len(times))
    ways = rng.normal(0.0, 0.05, (len(times), 12, 2)) * (rng.random((len(times), 1, 1)) < 0.8)
    points = [33, 133, 362, 263, 159, 386, 50, 280, 61, 291]
    for number, point in enumerate(points):
        way = ways[:, number] if draw(st.booleans()) else np.cumsum(ways[:, number], axis=0)
        move(xyz, (point,), x=way[:, 0], y=way[:, 1])
    for frame in draw(st.sets(st.integers(0, 40), max_size=8)):
        xyz[frame : frame + draw(st.integers(1, 4))] = np.nan
    return xyz, times


@EVERY_WAY
@given(clip=clips())
@settings(max_examples=30, deadline=None)
def test_what_always_holds(clip, smoothing, rule):
    xyz, times = clip
    found = markers(xyz, times, smoothing=smoothing, rule=rule)
    assert found.features.shape == (225,) == (len(COLUMNS),)
    assert not np.isinf(found.features).any()
    assert not np.isinf(np.array(found.signals)).any()

    valid = np.isfinite(found.bounds).all(axis=1)
    assert np.array_equal(valid, np.isfinite(found.bounds).any(axis=1))
    assert np.array_equal(np.isfinite(feature(found, "dur")), np.tile(valid, (3, 1)))
    assert np.isnan(blocks(found)[:, ~valid]).all(), "what does not exist is NaN and never 0"
    assert np.all(np.diff(found.bounds[valid].ravel()) >= 0.0), "onset, apex, offset"

    known = np.isfinite(xyz).all(axis=(1, 2))
    for signal in found.signals:
        assert np.array_equal(np.isfinite(signal.right), known)
        assert np.array_equal(np.isfinite(signal.left), known)

    seconds = found.bounds[:, 1] - found.bounds[:, 0]
    rise, fall, dur = (feature(found, name)[:, valid] for name in NAMES[:3])
    assert np.all(dur <= seconds[valid] + 1e-9)
    assert np.all(rise + fall <= dur + 1e-9)
    if known.all() and smoothing != "savgol":
        assert dur == pytest.approx(np.tile(seconds[valid], (3, 1)), abs=1e-9)
    assert np.nan_to_num(feature(found, "dur_ratio_rise"))[:, valid] * dur == pytest.approx(rise)
    assert np.nan_to_num(feature(found, "dur_ratio_fall"))[:, valid] * dur == pytest.approx(fall)
    net = feature(found, "total_rise") - feature(found, "total_fall")
    assert feature(found, "net") == pytest.approx(net, nan_ok=True, abs=1e-12)
    for name in NAMES:
        if name.startswith(("speed", "acc")):
            numbers = feature(found, name)
            assert np.all(numbers[np.isfinite(numbers)] > 0.0), f"{name}: an empty part is NaN"


@EVERY_WAY
@given(clip=clips())
@settings(max_examples=15, deadline=None)
def test_rising_falling_and_standing_still_share_the_time(clip, smoothing, rule):
    """Time that is neither is counted here by itself, from the curve of a mean signal that can be
    seen from outside: with `none`, that at the frames."""
    xyz, times = clip
    found = markers(xyz, times, smoothing=smoothing, rule=rule)
    if smoothing == "savgol":
        return
    for region, signal in enumerate(found.signals):
        for phase, (first, last) in enumerate(found.bounds):
            inside = (times >= first) & (times <= last)
            level, at = signal.mean[inside], times[inside]
            still_s = np.diff(at)[np.diff(level) == 0.0].sum()
            rise, fall, dur = blocks(found)[region, phase, :3]
            if np.isfinite(first):
                assert rise + fall + still_s == pytest.approx(dur, abs=1e-9)


@EVERY_WAY
@pytest.mark.parametrize("face", [MESH, DLIB], ids=["mesh", "dlib"])
@pytest.mark.parametrize("frames", [0, 1, 2, 3, 20])
def test_a_face_that_does_nothing_has_no_smile(frames, face, smoothing, rule):
    times = np.arange(frames) / 25.0
    found = markers(still(frames, face), times, topology=face, smoothing=smoothing, rule=rule)
    assert np.isnan(found.features).all()
    assert np.isnan(found.bounds).all()
    assert set(found.phase(times)) <= {"neutral"}
    assert found.signals.lip.mean == pytest.approx(np.full(frames, 0.5))


@EVERY_WAY
@pytest.mark.parametrize("frames", [0, 1, 2, 3, 20])
def test_a_clip_without_a_face(frames, smoothing, rule):
    times = np.arange(frames) / 25.0
    lost = np.full((frames, 478, 3), np.nan)
    found = markers(lost, times, smoothing=smoothing, rule=rule)
    assert np.isnan(found.features).all()
    assert np.isnan(np.array(found.signals)).all()
    assert np.array(found.signals).shape == (3, 2, frames)
    assert found.phase(times).tolist() == ["neutral"] * frames


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("frames", [2, 3])
def test_the_shortest_smiles_of_the_published_rule(frames, smoothing):
    """Up for two frames is an onset; up and down for three has no sample between."""
    xyz, times = still(frames), np.arange(frames) / 25.0
    move(xyz, MESH.lip_corners.left, x=np.array([0.0, 0.2, 0.0])[:frames])
    found = markers(xyz, times, neutral_s=0.01, smoothing=smoothing, rest="start", rule="published")
    valid = np.isfinite(found.bounds[:, 0]).tolist()
    if frames == 2:
        # Tukey's smoother leaves two samples as they are.
        assert valid == [True, False, False]
        assert feature(found, "speed_max_rise")[2, 0] == pytest.approx(0.2 / 0.8 / 2.0 / 0.04)
    elif smoothing == "4253h":
        assert valid == [False, False, False], "a spike to it"
    else:
        assert valid[0]
        assert valid[2]
    found = markers(xyz, times, neutral_s=0.01, smoothing=smoothing)
    assert np.isnan(found.bounds).all(), "too short for a smile"


@EVERY_WAY
def test_faces_of_68_points_lack_the_cheeks_alone(smoothing, rule):
    clip = PLANS[0]
    xyz = smiling(clip.smile.drives(clock(clip, 25.0)), DLIB)
    found = markers(xyz, clock(clip, 25.0), topology=DLIB, smoothing=smoothing, rule=rule)
    mesh = markers(
        smiling(clip.smile.drives(clock(clip, 25.0))),
        clock(clip, 25.0),
        smoothing=smoothing,
        rule=rule,
    )
    assert np.isnan(blocks(found)[1]).all()
    assert np.isnan(found.signals.cheek.mean).all()
    assert found.bounds[[0, 2]] == pytest.approx(mesh.bounds[[0, 2]])
    for region in (0, 2):
        assert blocks(found)[region][[0, 2]] == pytest.approx(
            blocks(mesh)[region][[0, 2]], nan_ok=True, rel=1e-6, abs=1e-9
        )


# ---- What must not matter ------------------------------------------------------------------------
def same(one: Markers, other: Markers) -> None:
    """Up to the last digits, in the phases where something happens."""
    assert other.bounds == pytest.approx(one.bounds, abs=1e-6, nan_ok=True)
    for phase in (0, 2):
        assert blocks(other)[:, phase] == pytest.approx(
            blocks(one)[:, phase], rel=1e-5, abs=1e-7, nan_ok=True
        )


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_size_and_place_do_not_matter(number, smoothing):
    times = clock(PLANS[number], 25.0)
    xyz = jittered(PLANS[number], times, noise=0.002)
    one = markers(xyz, times, smoothing=smoothing)
    same(one, markers(xyz * 37.0 + (5.0, -3.0, 90.0), times, smoothing=smoothing))


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_when_a_clip_begins_does_not_matter(number, smoothing):
    times = clock(PLANS[number], 25.0)
    xyz = jittered(PLANS[number], times, noise=0.002)
    one = markers(xyz, times, smoothing=smoothing)
    late = markers(xyz, times + 3.5, smoothing=smoothing)
    same(one, late._replace(bounds=late.bounds - 3.5))


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_a_mirror_changes_the_sign_of_left_right_alone(smoothing):
    clip = replace(PLANS[1], smile=replace(PLANS[1].smile, asymmetry=0.3))
    times = clock(clip, 25.0)
    xyz = jittered(clip, times, noise=0.002)
    one = markers(xyz, times, smoothing=smoothing)
    other = markers(xyz[:, list(MESH.mirror)] * (-1.0, 1.0, 1.0), times, smoothing=smoothing)
    turned = blocks(one) * np.where(np.array(NAMES) == "left_right", -1.0, 1.0)
    assert blocks(other) == pytest.approx(turned, rel=1e-9, abs=1e-12, nan_ok=True)
    assert other.bounds == pytest.approx(one.bounds, nan_ok=True)
    assert np.all(feature(one, "left_right")[2] > 0.005), "the left goes further"


@given(factor=st.sampled_from([0.5, 2.0, 4.0]), number=st.integers(0, 9))
@settings(max_examples=10, deadline=None)
def test_slow_motion_is_slower(factor, number):
    """By frames alone: durations and integrals grow, speeds and accelerations shrink."""
    times = clock(PLANS[number], 32.0)
    xyz = jittered(PLANS[number], times, noise=0.002)
    how: dict[str, Any] = {"smoothing": "4253h", "rest": "start", "rule": "published",
                           "blinks": "keep"}  # fmt: skip
    one = markers(xyz, times, **how)
    slow = markers(xyz, times * factor, neutral_s=NEUTRAL_S * factor, **how)
    powers = {"s": 1.0, "1": 0.0, "1/s": -1.0, "1/s²": -2.0}
    scales = np.array([factor ** powers[feature.unit] for feature in FEATURES])
    assert blocks(slow) == pytest.approx(blocks(one) * scales, nan_ok=True, rel=1e-9)
    assert slow.bounds == pytest.approx(one.bounds * factor, nan_ok=True)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("start", [0, 7, 14, 29, 57])
def test_a_rise_lasts_from_the_first_frame_to_the_last(start, smoothing):
    """7/25 s are 28.000000000000004 ticks, and 57/25 s a little less than 228. Parabolas leave out
    the seven ticks at either end whose slope they do not know."""
    times = np.arange(start, start + 51) / 25.0
    xyz = still(51)
    move(xyz, MESH.lip_corners.left, x=0.2 * (times - times[0]))
    found = markers(
        xyz, times, neutral_s=0.001, smoothing=smoothing, rest="start", rule="published"
    )
    ends = END_S if smoothing == "savgol" else 0.0
    assert found.bounds[0] == pytest.approx(times[[0, -1]] + (ends, -ends), abs=1e-9)
    assert feature(found, "dur")[:, 0] == pytest.approx(np.full(3, 2.0 - 2.0 * ends))


# ---- Gaps ----------------------------------------------------------------------------------------
@EVERY_WAY
def test_frames_without_a_face_at_the_end_change_nothing(smoothing, rule):
    times = clock(PLANS[2], 25.0)
    xyz = jittered(PLANS[2], times, noise=0.002)
    one = markers(xyz, times, smoothing=smoothing, rule=rule)
    more = np.concatenate([xyz, np.full((5, 478, 3), np.nan)])
    longer = np.arange(len(more)) / 25.0
    other = markers(more, longer, smoothing=smoothing, rule=rule)
    assert np.array_equal(one.features, other.features, equal_nan=True)
    assert np.array_equal(one.bounds, other.bounds, equal_nan=True)


def test_a_gap_on_the_way_up_cuts_the_onset_and_none_of_its_seconds_count():
    """Twenty seconds up, twenty down, so that edges are small; lost from 7 to 8 s."""
    times = np.arange(1001) / 25.0
    drive = 1.0 - np.abs(times - 20.0) / 20.0
    xyz = still(len(times))
    move(xyz, MESH.lip_corners.left, x=0.4 * drive)
    move(xyz, MESH.lip_corners.right, x=-0.4 * drive)
    whole = markers(xyz, times, neutral_s=0.01, rule="published")
    xyz[(times > 7.0) & (times < 8.0)] = np.nan
    hurt = markers(xyz, times, neutral_s=0.01, rule="published")
    assert whole.bounds[0] == pytest.approx([0.0, 20.0], abs=0.2)
    assert hurt.bounds[0] == pytest.approx([8.0, 20.0], abs=0.2), "the longer part of the rise"
    assert feature(hurt, "dur")[2, 0] == pytest.approx(12.0, abs=0.2)
    assert feature(hurt, "speed_mean_rise")[2, 0] == pytest.approx(0.5 / 20.0, rel=0.01)


def test_a_gap_within_an_onset_does_not_move_its_bounds_and_none_of_its_seconds_count():
    clip = replace(PLANS[3], smile=replace(PLANS[3].smile, onset_s=2.0), seconds=6.0)
    times = clock(clip, 25.0)
    xyz = smiling(clip.smile.drives(times))
    whole = markers(xyz, times)
    lost = np.abs(times - whole.bounds[0].mean()) < 0.2
    xyz[lost] = np.nan
    hurt = markers(xyz, times)
    assert hurt.bounds == pytest.approx(whole.bounds, abs=0.04)
    pause = times[lost][-1] - times[lost][0] + 2.0 / 25.0 + 2.0 * END_S
    shorter = feature(whole, "dur")[:, 0] - feature(hurt, "dur")[:, 0]
    assert shorter == pytest.approx(np.full(3, pause), abs=0.06)


def test_a_gap_in_the_apex_is_left_out_of_it():
    clip = replace(PLANS[3], smile=replace(PLANS[3].smile, apex_s=2.0), seconds=5.0)
    times = clock(clip, 25.0)
    xyz = smiling(clip.smile.drives(times))
    whole = markers(xyz, times)
    middle = whole.bounds[1].mean()
    lost = np.abs(times - middle) < 0.3
    xyz[lost] = np.nan
    hurt = markers(xyz, times)
    assert hurt.bounds == pytest.approx(whole.bounds, abs=0.011)
    step = 1.0 / 25.0
    pause = times[lost][-1] - times[lost][0] + 2.0 * step + 2.0 * END_S
    shorter = feature(whole, "dur")[:, 1] - feature(hurt, "dur")[:, 1]
    assert shorter == pytest.approx(np.full(3, pause), abs=0.021)
    assert not np.isnan(blocks(hurt)[:, 1, NAMES.index("amp_mean")]).any()


# ---- The truth -----------------------------------------------------------------------------------
def uneven(clip: ClipPlan) -> Array:
    """About 30 frames a second, none where it should be."""
    rng = np.random.default_rng(clip.noise_seed)
    times = np.concatenate([[0.0], np.cumsum(rng.uniform(0.022, 0.044, 300))])
    return np.asarray(times[times < clip.seconds])


RATES = {
    "25": lambda clip: clock(clip, 25.0),
    "30": lambda clip: clock(clip, 30.0),
    "50": lambda clip: clock(clip, 50.0),
    "variable": uneven,
}


@pytest.fixture(scope="module")
def film() -> list[Array]:
    """Features of smiles that were filmed at 500 frames per second."""
    return [_features(clip, clock(clip, 500.0)) for clip in PLANS[:24]]


def _features(clip: ClipPlan, times: Array) -> Array:
    return markers(smiling(clip.smile.drives(times)), times).features


@pytest.mark.parametrize("rate", RATES)
def test_the_same_smile_at_another_frame_rate_has_the_same_features(rate, film):
    found = np.array([_features(clip, RATES[rate](clip)) for clip in PLANS[:24]])
    truth = np.where(np.array(film) == 0.0, np.nan, film)
    off = np.abs(found / truth - 1.0)
    for limit, starts in ((0.02, ("dur",)), (0.02, ("speed",)), (0.1, ("acc",))):
        chosen = [column for column in columns(*starts) if np.isfinite(off[:, column]).mean() > 0.5]
        assert len(chosen) >= 12
        of_each = np.nanmedian(off[:, chosen], axis=0)
        assert np.median(of_each) <= limit, (rate, starts, np.round(of_each, 3))


def test_speeds_and_durations_in_known_units():
    """Corners go apart by 0.2 a second for two seconds and back: with half a mouth of 0.4, D rises
    by 0.25 a second, from 0.5 to 1. They go up a little, or it would be no smile."""
    times = np.arange(126) / 25.0
    drive = np.clip(np.minimum(times - 0.5, 4.5 - times), 0.0, 2.0)
    xyz = still(len(times))
    move(xyz, MESH.lip_corners.left, x=0.2 * drive, y=-0.055 * drive)
    move(xyz, MESH.lip_corners.right, x=-0.2 * drive, y=-0.055 * drive)
    found = markers(xyz, times)
    assert found.bounds[[0, 2]] == pytest.approx(np.array([[0.6, 2.4], [2.6, 4.4]]), abs=0.12)
    for phase, way in ((0, "rise"), (2, "fall")):
        values = dict(zip(NAMES, blocks(found)[2, phase], strict=True))
        assert values["dur"] == values[f"dur_{way}"] == pytest.approx(1.8, abs=0.12)
        assert 0.25 < values[f"speed_max_{way}"] < 0.29, "a parabola overshoots at a sharp bend"
        assert values[f"speed_mean_{way}"] == pytest.approx(0.25, rel=0.05)
        assert values["amp_max"] == pytest.approx(0.975, abs=0.05)


def late(clip: ClipPlan, *, noise: float, seed: int) -> Array:
    """By how much the four bounds are too late, in s."""
    times = clock(clip, 25.0)
    bounds = markers(jittered(clip, times, noise=noise, seed=seed), times).bounds
    return np.asarray(bounds[[0, 2]].ravel() - clip.smile.bounds())


@pytest.mark.parametrize(("noise", "share"), [(0.0, 0.98), (0.002, 0.95), (0.005, 0.9)])
def test_phases_begin_and_end_when_they_do(noise, share):
    """Within two frames at 25 per s, all four bounds of a clip at once; noise in shares of the
    distance between the eyes."""
    off = np.array([late(clip, noise=noise, seed=seed) for seed, clip in enumerate(PLANS)])
    assert len(off) == 60
    assert (np.abs(off) <= 0.08).all(axis=1).mean() >= share


@pytest.mark.parametrize("fps", [25.0, 30.0, 24.0, 29.97])
def test_no_frame_within_a_smile_is_neutral(fps):
    """The clock ticks a hundred times a second, and frames fall between the ticks."""
    for clip in PLANS[:30]:
        times = clock(clip, fps)
        found = markers(smiling(clip.smile.drives(times)), times)
        names = found.phase(times)
        smile = np.flatnonzero(names != "neutral")
        course = names[smile[0] : smile[-1] + 1]
        order = [PHASES.index(name) for name in course]
        assert order == sorted(order)
        assert set(order) == {0, 1, 2}
        begin, end = times[smile[0]], times[smile[-1]]
        assert found.bounds[0, 0] - 1e-6 <= begin < found.bounds[0, 0] + 1.0 / fps
        assert found.bounds[2, 1] - 1.0 / fps < end <= found.bounds[2, 1] + 1e-6


BOUNDS: dict[str, tuple[list[list[float] | None], str]] = {
    # what exists of onset, apex and offset, and the names at 0, 1, 2 … 8 s
    "all": ([[1, 2], [3, 5], [6, 7]], "noo aaa ffn"),
    "no apex": ([[1, 3], None, [3, 5]], "noo fff nnn"),
    "onset alone": ([[1, 3], None, None], "noo onn nnn"),
    "offset alone": ([None, None, [4, 7]], "nnn nff ffn"),
    "between samples": ([[0.9, 2.2], [3.4, 5.6], [6.3, 7.1]], "noo oaa afn"),
    "nothing": ([None, None, None], "nnn nnn nnn"),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_names_of_the_frames(name):
    spans, letters = BOUNDS[name]
    bounds = np.array([[np.nan, np.nan] if span is None else span for span in spans], float)
    text = letters.replace(" ", "")
    times = np.arange(len(text), dtype=float)
    found = names_at(bounds, times)
    words = {"n": "neutral", "o": "onset", "a": "apex", "f": "offset"}
    assert found.tolist() == [words[letter] for letter in text]
