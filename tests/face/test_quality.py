import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from duchenne.face import normalize, quality
from duchenne.face.outside import outside
from duchenne.face.quality import Limits, Quality, jitter
from duchenne.face.topology import DLIB, MESH, Topology
from tests.make.portraits import Array, flat_face, mesh_face

GOOD = Quality(seen=1.0, gap=0.0, yaw=5.0, pitch=5.0, roll=5.0, size=100.0, jitter=0.002,
               out_eyes=0.0, out_cheeks=0.0, out_mouth=0.0, faces=1.0)  # fmt: skip
LIMITS = Limits(
    min_seen=0.9,
    max_gap=0.5,
    max_yaw=40.0,
    max_pitch=35.0,
    max_roll=45.0,
    min_size=40.0,
    max_jitter=0.01,
    max_outside=0.1,
)


def measure(xyz: Array, *, face: Topology = MESH, boxes: Array | None = None) -> Quality:
    times = np.arange(len(xyz)) / 25.0
    clip = normalize.rigid(xyz, times, topology=face, neutral_s=0.2, max_gap=0.12)
    boxes = np.tile((10.0, 10.0, 110.0, 130.0), (len(xyz), 1)) if boxes is None else boxes
    out = outside(xyz, (10_000, 10_000), topology=face)
    sights = quality.Sights(boxes, out, np.ones(len(xyz)))
    return quality.measure(clip, times, sights, topology=face)


def film(frames: int = 50, *, face: Topology = MESH) -> Array:
    """A still face of 80 px between the eyes, (T, N, 3)."""
    return np.tile(80.0 * (mesh_face() if face is MESH else flat_face()) + 200.0, (frames, 1, 1))


@given(
    spread=st.floats(1e-4, 0.05),
    seed=st.integers(0, 2**32 - 1),
    uneven=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_jitter_is_the_spread_of_the_noise_at_any_frame_times(spread, seed, uneven):
    rng = np.random.default_rng(seed)
    steps = rng.uniform(0.01, 0.1, 150) if uneven else np.full(150, 0.04)
    times = np.cumsum(steps)
    drift = np.array([0.3, -0.2, 0.1]) * times[:, None, None]
    points = drift + rng.normal(0.0, spread, (150, 15, 3))
    assert jitter(points, times) == pytest.approx(spread, rel=0.1)


def test_jitter_knows_how_much_noise_each_neighbour_brings():
    """Frames in close pairs, as of interlaced video: each is held against its twin almost alone."""
    times = np.cumsum(np.tile((0.001, 0.079), 500))
    noise = np.random.default_rng(0).normal(0.0, 0.01, (1000, 15, 3))
    assert jitter(noise, times) == pytest.approx(0.01, rel=0.03)
    movement = 3.0 * times[:, None, None] + np.zeros((1, 15, 3))
    assert jitter(movement, times) < 1e-9


@pytest.mark.parametrize("fps", [25, 50, 200])
@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.0], ids=lambda seconds: f"onset {seconds} s")
def test_jitter_is_blind_to_a_smile_even_on_the_lips(fps: int, seconds: float):
    """A full smile of the demo moves each lip corner by an eighth of the inter-ocular distance."""
    times = np.arange(0.0, 4.0, 1.0 / fps)
    share = np.clip((times - 1.0) / seconds, 0.0, 1.0)
    course = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
    noise = np.random.default_rng(0).normal(0.0, 0.002, (len(times), 2, 3))
    lips = 0.12 * course[:, None, None] + noise
    assert jitter(lips, times) == pytest.approx(jitter(noise, times), rel=0.25)


def test_jitter_skips_gaps_and_is_unknown_for_clips_of_two_frames():
    noise = np.random.default_rng(0).normal(0.0, 0.01, (200, 15, 3))
    times = np.arange(200) / 25.0
    gappy = noise.copy()
    gappy[50:70] = np.nan
    assert jitter(gappy, times) == pytest.approx(0.01, rel=0.1)
    for frames in range(3):
        assert np.isnan(jitter(noise[:frames], times[:frames]))


def test_a_still_face_is_faultless():
    found = measure(film())
    assert (found.seen, found.gap, found.size) == (1.0, 0.0, 100.0)
    assert max(found.yaw, found.pitch, found.roll, found.jitter) < 1e-3


def test_what_is_missing_is_counted_though_it_was_filled():
    clip, boxes = film(), np.tile((0.0, 0.0, 90.0, 80.0), (50, 1))
    clip[[10, *range(20, 30)]] = np.nan
    boxes[30:, 2] = 60.0
    found = measure(clip, boxes=boxes)
    assert found.seen == pytest.approx(39 / 50)
    assert found.gap == pytest.approx(11 / 25)
    assert found.size == 60.0


@pytest.mark.parametrize(
    ("angles", "found"),
    [((30.0, 0.0, 0.0), "roll"), ((0.0, -25.0, 0.0), "yaw"), ((0.0, 0.0, 20.0), "pitch")],
)
def test_the_largest_turn_either_way_is_found_but_not_one_misread_frame(angles, found):
    clip = film(300)
    turned = Rotation.from_euler("ZYX", angles, degrees=True).as_matrix()
    clip[100:110] = clip[100:110] @ turned.T
    turns = {name: getattr(measure(clip), name) for name in ("yaw", "pitch", "roll")}
    assert turns.pop(found) == pytest.approx(max(np.abs(angles)), abs=0.01)
    assert max(turns.values()) < 0.01
    clip[102:110] = clip[0]
    assert getattr(measure(clip), found) < 0.01


def test_noise_of_the_landmarks_is_found_in_inter_ocular_units():
    """A little less than was put in, because the alignment follows a part of it."""
    noise = np.random.default_rng(0).normal(0.0, 0.8, (100, 478, 3))
    assert measure(film(100) + noise).jitter == pytest.approx(0.8 / 80.0, rel=0.15)


def test_no_face_at_all_and_flat_landmarks():
    nothing = measure(np.full((5, 478, 3), np.nan), boxes=np.full((5, 4), np.nan))
    assert nothing.seen == 0.0
    assert nothing.gap == pytest.approx(4 / 25)
    assert np.isnan([nothing.yaw, nothing.size, nothing.jitter]).all()
    assert nothing.verdict(LIMITS) == ("no_face", "no face was found in any frame")
    flat = measure(film(face=DLIB), face=DLIB)
    assert np.isnan([flat.yaw, flat.pitch]).all()
    assert flat.verdict(LIMITS) is None


@pytest.mark.parametrize(
    ("change", "reason", "says"),
    [
        ({"seen": 0.5}, "few_faces", "50.0%"),
        ({"gap": 0.6}, "long_gap", "0.60 s"),
        ({"yaw": 41.0}, "turned_away", "41° (yaw)"),
        ({"pitch": 36.0}, "turned_away", "36° (pitch)"),
        ({"roll": 46.0}, "turned_away", "46° (roll)"),
        ({"size": 39.0}, "small_face", "39 px"),
        ({"jitter": 0.011}, "unsteady", "0.0110"),
        ({"seen": 0.5, "yaw": 80.0}, "few_faces", "50.0%"),
        (
            {"out_mouth": 0.11, "yaw": 80.0},
            "outside",
            "the mouth lies outside the picture in 11.0%",
        ),
        ({"out_eyes": 1.0, "out_cheeks": 1.0}, "outside", "the eyes lie outside"),
    ],
    ids=str,
)
def test_a_clip_beyond_a_limit_is_refused_with_what_and_why(change, reason, says):
    verdict = Quality(**vars(GOOD) | change).verdict(LIMITS)
    assert verdict
    assert verdict[0] == reason
    assert says in verdict[1]


def test_a_clip_at_the_limits_is_used_and_so_is_what_cannot_be_told():
    edge = Quality(seen=0.9, gap=0.5, yaw=40.0, pitch=35.0, roll=45.0, size=40.0, jitter=0.01,
                   out_eyes=0.1, out_cheeks=0.1, out_mouth=0.1, faces=1.0)  # fmt: skip
    assert GOOD.verdict(LIMITS) is None
    assert edge.verdict(LIMITS) is None
    unknown = dict.fromkeys(("yaw", "pitch", "roll", "size", "jitter", "out_mouth"), float("nan"))
    assert Quality(**vars(GOOD) | unknown).verdict(LIMITS) is None
