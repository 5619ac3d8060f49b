"""What published extractors do wrong, one test per defect, each of which would have caught it here.

D1 to D18 were found in one released extractor and N1 to N8 in another; each docstring says what
was wrong there.
"""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from duchenne import dmarkers
from duchenne.datasets.demo.dynamics import Drives
from duchenne.dmarkers import features, phases
from duchenne.dmarkers.extract import Markers, extract
from duchenne.dmarkers.names import COLUMNS, FEATURES, PHASES, REGIONS
from duchenne.dmarkers.signals import Signal
from duchenne.face import normalize
from duchenne.face.topology import MESH
from tests.make.faces import (
    NEUTRAL_S,
    PLANS,
    Array,
    clock,
    jittered,
    markers,
    move,
    smiling,
    still,
)
from tests.make.portraits import mesh_face
from tests.rules.imports import ROOT, closure, modules

NAMES = [feature.name for feature in FEATURES]
FILES = sorted(
    path.relative_to(ROOT).as_posix() for path in Path(dmarkers.__path__[0]).glob("*.py")
)


def column(found: Markers, name: str) -> float:
    return float(found.features[COLUMNS.index(name)])


def published(lip: list[float], *, fps: float = 25.0) -> phases.Phases:
    """Strictly rising and falling runs of a signal, as the paper has them."""
    values = np.array(lip, float)
    return phases.published(values, np.arange(len(lip)) / fps)


def values_of(
    signal: Signal, samples: slice | None = None, *, fps: float = 25.0
) -> dict[str, float]:
    times = np.arange(len(signal.right)) / fps
    found = features.compute(signal, times, samples or slice(0, len(times)))
    return dict(zip(NAMES, found.tolist(), strict=True))


def both(*level: float) -> Signal:
    return Signal(np.array(level, float), np.array(level, float))


@pytest.fixture(scope="module")
def smiles() -> Array:
    """Features (60, 225) of all sorts of smiles, with noise and blinks."""
    rows = []
    for seed, clip in enumerate(PLANS):
        times = clock(clip, 25.0)
        xyz = smiling(clip.drives(times))
        xyz += np.random.default_rng(seed).normal(0.0, 0.002, xyz.shape)
        rows.append(markers(xyz, times, blinks="keep").features)
    return np.array(rows)


# ---- The first extractor -------------------------------------------------------------------------
@pytest.mark.parametrize("rise", [3, 5, 8])
@pytest.mark.parametrize("after", [[], [0.0], [0.0, 0.0], [-1.0, -1.0]], ids=str)
def test_d01_a_run_ends_where_its_last_step_ends(rise, after):
    """The step that ended a run was counted into it: one frame too many, or a fall in an onset."""
    lip = list(np.cumsum([0.0, *[1.0] * rise, *after]))
    found = published(lip)
    assert found.onset == slice(0, rise + 1)
    values = values_of(both(*lip), found.onset)
    assert values["dur"] == values["dur_rise"] == pytest.approx(rise / 25.0)
    assert values["dur_fall"] == 0.0
    if after == [-1.0, -1.0]:
        assert found.apex is None
        assert found.offset == slice(rise, rise + 3)


def test_d02_where_a_run_lies_makes_it_no_longer():
    """A run within the clip counted one more than one that lasts to its end; here the first takes
    four steps and is higher, the second five."""
    assert published([0, 3, 6, 9, 12, 12, 13, 14, 15, 16, 17]).onset == slice(5, 11)
    assert published([0, 1, 2, 3, 4, 5, 5, 8, 11, 14, 17]).onset == slice(0, 6)


def test_d03_left_and_right_are_measured(smiles):
    """Nine columns were zero."""
    chosen = [number for number, name in enumerate(COLUMNS) if name.endswith("left_right")]
    assert len(chosen) == 9
    assert np.all(np.nanstd(smiles[:, chosen], axis=0) > 0.0)
    assert np.nanmin(np.abs(smiles[:, chosen])) > 0.0
    lopsided = Signal(right=np.array([1.0, 2.0, 3.0]), left=np.array([1.0, 3.0, 6.0]))
    assert values_of(lopsided)["left_right"] == pytest.approx((1.0 + 3.0) / 2.0)


def test_d04_seconds_and_not_frames():
    """The frame rate was taken as 1: the same movement was twice as long and half as fast at 50."""
    slow, fast = both(*np.linspace(0.0, 1.0, 11)), both(*np.linspace(0.0, 1.0, 21))
    for values in (values_of(slow, fps=25.0), values_of(fast, fps=50.0)):
        assert values["dur"] == values["dur_rise"] == pytest.approx(0.4)
        speeds = values["speed_max_rise"], values["speed_mean_rise"]
        assert speeds == pytest.approx((2.5, 2.5))


def test_d05_lip_corners_are_a_pair_of_outer_corners():
    """Points 62 and 308 were taken, which lie inside and are no mirror images."""
    times = np.arange(60) / 25.0
    drive = np.clip(1.2 - np.abs(times - 1.2), 0.0, 1.0)
    inner, outer = still(60), still(60)
    for point, sign in ((62, -1.0), (308, 1.0)):
        move(inner, (point,), x=sign * (0.3 + 0.2 * drive), y=0.9)
    for point, sign in ((61, -1.0), (291, 1.0)):
        move(outer, (point,), x=sign * 0.2 * drive)
    assert markers(inner, times).signals.lip.mean == pytest.approx(np.full(60, 0.5))
    assert np.ptp(markers(outer, times).signals.lip.mean) > 0.2
    right, left = MESH.lip_corners.right, MESH.lip_corners.left
    assert MESH.mirror[right[0]] == left[0]


def test_d06_lips_that_rise_without_widening_are_seen():
    """Distances were taken from the middle of the same frame, which rises with them."""
    xyz = still(20)
    for role in (MESH.lip_corners.right, MESH.lip_corners.left):
        move(xyz, role, y=np.where(np.arange(20) < 10, 0.0, -0.3))
    found = markers(xyz, np.arange(20) / 25.0, smoothing="none").signals.lip.mean
    assert found[[0, -1]] == pytest.approx([0.5, 0.5 / 0.8])  # √(0.4² + 0.3²) = 0.5


def test_d07_cheeks_move_by_themselves():
    """The distance from the eyes was taken, so that eyes moved the cheeks."""
    times = np.arange(20) / 25.0
    later = times > 0.4
    eyes, cheeks = still(20), still(20)
    for sides in (MESH.outer_corners, MESH.inner_corners):
        for role in (sides.right, sides.left):
            move(eyes, role, y=-0.1 * later)
    assert MESH.cheeks is not None
    move(cheeks, MESH.cheeks.right, y=-0.25 * later)
    assert markers(eyes, times).signals.cheek.mean == pytest.approx(np.full(20, 0.5))
    found = markers(cheeks, times, smoothing="none", rest="start").signals.cheek
    assert found.right[-1] == pytest.approx(0.65 / 1.2)
    assert found.left[-1] == pytest.approx(0.5)


def test_d08_heads_that_move_smile_the_same():
    """Head motion and distance went into all signals, and both eyes were divided by the width that
    the right one had in the first frame. Here eyes are unlike, and the head turns and comes near
    before it is normalised."""
    clip = PLANS[0]
    times = clock(clip, 25.0)
    drives = clip.smile.drives(times)
    faces = np.repeat(mesh_face()[None], len(times), axis=0)
    for role, sign in ((MESH.lip_corners.right, -1.0), (MESH.lip_corners.left, 1.0)):
        move(faces, role, x=sign * 0.12 * drives.lip, y=-0.1 * drives.lip)
    away = np.stack([np.sin(times), 0.5 * np.cos(3.0 * times), 0.3 * times], axis=1) * 15.0
    turns = Rotation.from_euler("ZYX", away, degrees=True).as_matrix()
    sizes = np.linspace(60.0, 140.0, len(times))[:, None, None]
    filmed = sizes * faces @ np.swapaxes(turns, 1, 2) + 300.0
    quiet, moving = (
        markers(normalize.rigid(xyz.astype(np.float32), times, topology=MESH, neutral_s=NEUTRAL_S,
                                max_gap=0.1).xyz, times)
        for xyz in (faces * 100.0, filmed)
    )  # fmt: skip
    for one, other in zip(quiet.signals, moving.signals, strict=True):
        assert other.right == pytest.approx(one.right, abs=1e-4)
        assert other.left == pytest.approx(one.left, abs=1e-4)
    assert moving.bounds == pytest.approx(quiet.bounds, abs=0.011)
    small = still(5)
    move(small, MESH.outer_corners.left, x=np.linspace(0.0, 0.5, 5))
    eyelid = markers(small, np.arange(5) / 25.0, smoothing="none").signals.eyelid
    assert eyelid.right == pytest.approx(np.full(5, 0.3)), "one eye's width is its own"
    # lid 0.15 up and 0.25 from the middle of an eye that is 1 wide by now
    assert eyelid.left[-1] == pytest.approx(np.hypot(0.15, 0.25) / 1.0)


def test_d09_noise_does_not_break_a_run():
    """Strict runs were sought in raw landmarks."""
    kept = {"none": 0, "savgol": 0}
    for seed, clip in enumerate(PLANS[:20]):
        times = clock(clip, 25.0)
        xyz = jittered(clip, times, noise=0.003, seed=seed)
        for smoothing, rule in (("none", "published"), ("savgol", "events")):
            bounds = markers(xyz, times, smoothing=smoothing, rule=rule).bounds
            off = np.abs(bounds[[0, 2]].ravel() - clip.smile.bounds())
            kept[smoothing] += bool((off <= 0.08).all())
    assert kept["savgol"] >= 18
    assert kept["none"] <= 10, "or this noise proves nothing"


@pytest.mark.parametrize("degrees", range(0, 360, 30))
def test_d10_x_and_y_are_measured_with_one_rule(degrees):
    """x and y were divided by different numbers."""
    way = np.radians(degrees)
    xyz = still(20)
    later = np.arange(20) > 10
    for point, sign in ((61, -1.0), (291, 1.0)):
        xyz[later, point, 0] = sign * 0.5 * np.cos(way)
        xyz[later, point, 1] = 0.9 + sign * 0.5 * np.sin(way)
    found = markers(xyz, np.arange(20) / 25.0, smoothing="none", rest="start")
    assert found.signals.lip.mean[-1] == pytest.approx(0.5 / 0.8)


def test_d11_the_whole_smile_is_measured_once(smiles):
    """Windows of sixteen frames were, of which most have no apex."""
    for phase in PHASES:
        dur = smiles[:, COLUMNS.index(f"mouth_{phase}_dur")]
        assert np.isfinite(dur).all(), "sixty clips, sixty smiles"
    clip = PLANS[0]
    times = clock(clip, 25.0)
    xyz = smiling(clip.smile.drives(times))
    begin, _, _, end = clip.smile.bounds()
    assert end - begin > 16 / 25.0
    found = markers(xyz, times)
    assert found.bounds[2, 1] - found.bounds[0, 0] == pytest.approx(end - begin, abs=0.16)


def test_d12_rest_is_the_beginning_of_the_clip():
    """The first frame of a window served, whatever the face did there. Here what comes later does
    not change the signals of what was before, and one bad frame is no rest."""
    clip = PLANS[0]
    times = clock(clip, 25.0)
    xyz = smiling(clip.smile.drives(times))
    half = len(times) // 2
    whole = markers(xyz, times, smoothing="none").signals.lip.mean
    assert whole[0] == pytest.approx(0.5)
    first = markers(xyz[:half], times[:half], smoothing="none").signals.lip.mean
    assert first == pytest.approx(whole[:half])
    spoilt = xyz.copy()
    move(spoilt, MESH.lip_corners.left, x=np.where(np.arange(len(times)) == 0, 0.5, 0.0))
    found = markers(spoilt, times, smoothing="none").signals.lip.mean
    assert found[1:] == pytest.approx(whole[1:])


def test_d13_an_offset_follows_its_onset():
    """The longest fall was the offset even if it came first."""
    found = published([9, 8, 7, 6, 5, 4, 3, 4, 5, 6, 6, 5, 4])
    assert found == phases.Phases(slice(6, 10), None, slice(10, 13))
    assert published([5, 4, 3, 2, 1, 2, 3]) == phases.Phases(slice(4, 7), None, None)


@pytest.mark.parametrize("frames", [8, 15, 40])
def test_d14_frames_that_are_not_there_are_no_data(frames):
    """Short videos were filled up with zeros that counted as faces."""
    times = np.arange(frames) / 25.0
    xyz = smiling(_drives(np.minimum(times, times[::-1]) / times[-1]))
    filled = np.concatenate([xyz, np.full((40 - frames, 478, 3), np.nan)])
    one = markers(xyz, times, neutral_s=0.05, rule="published")
    other = markers(filled, np.arange(40) / 25.0, neutral_s=0.05, rule="published")
    assert np.isfinite(one.features).sum() > 100
    assert np.array_equal(one.features, other.features, equal_nan=True)
    assert np.isnan(other.signals.lip.mean[frames:]).all()


def _drives(lip: Array) -> Drives:
    return Drives(lip=lip, lip_left=lip, lip_right=lip, cheek=lip, eyelid=lip / 2.0)


def test_d15_a_clip_is_measured_without_the_others():
    """Features were never standardised. That is for training, from its own clips; so here nothing
    may look at another clip, and missing values stay visible."""
    times = [clock(clip, 25.0) for clip in PLANS[:3]]
    clips = [smiling(clip.smile.drives(t)) for clip, t in zip(PLANS[:3], times, strict=True)]
    forth = [markers(xyz, t).features for xyz, t in zip(clips, times, strict=True)]
    back = [markers(clips[i], times[i]).features for i in (2, 1, 0)][::-1]
    assert np.array_equal(forth, back, equal_nan=True)
    assert np.isnan(forth).any()


def test_d16_measuring_needs_no_network():
    """Features were computed again within every training step."""
    files = {file for path in (*FILES, "stages/dmarkers.py") for file in closure(path)}
    imported = {name.split(".")[0] for file in files for name in modules(file)}
    assert "numpy" in imported
    assert not imported & {"torch", "safetensors", "sklearn"}


def test_d17_no_function_is_idle_or_there_twice():
    code = [*(ROOT / "src").rglob("*.py"), *(ROOT / "stages").glob("*.py")]
    sources = [ast.parse(path.read_text("utf-8")) for path in code]
    names = {node.id for tree in sources for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {n.attr for tree in sources for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    functions = [
        node
        for path in FILES
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    assert len(functions) > 25
    assert {function.name for function in functions} <= names
    bodies = {ast.dump(ast.Module(function.body, [])) for function in functions}
    assert len(bodies) == len(functions)


def test_d18_accelerations_go_by_their_own_sign():
    """Whether a phase or its rising parts are meant is not clear in the paper. Ours: the phase, so
    that an onset, which only rises, slows down at its end."""
    values = values_of(both(0.0, 1.0, 3.0, 6.0, 8.0, 9.0), fps=1.0)  # V 1 2 3 2 1, A 1 1 −1 −1
    assert values["dur_fall"] == 0.0
    assert values["acc_max_rise"] == values["acc_mean_rise"] == pytest.approx(1.0)
    assert values["acc_max_fall"] == values["acc_mean_fall"] == pytest.approx(1.0)


# ---- The second extractor ------------------------------------------------------------------------
def test_n01_the_eyes_are_measured(smiles):
    """The eyes' features were set to zero at the end."""
    eyes = smiles[:, [name.startswith("eyes_") for name in COLUMNS]]
    assert eyes.shape[1] == 75
    assert np.all(np.isfinite(eyes).sum(axis=0) >= 10)
    assert np.all(np.nanstd(eyes, axis=0) > 0.0)


def test_n02_a_phase_is_nothing_but_itself():
    """The whole signal stood for a phase, and an empty part was one zero that lasted a frame."""
    lip = [0.0, 1.0, 2.0, 3.0, 3.0, 3.0, 2.0, 1.0, 0.0]
    found = published(lip)
    assert found == phases.Phases(slice(0, 4), slice(4, 5), slice(5, 9))
    values = values_of(both(*lip), found.onset)
    assert values["dur_fall"] == values["total_fall"] == 0.0
    assert all(np.isnan(values[name]) for name in ("amp_mean_fall", "speed_max_fall"))
    seconds = [values_of(both(*lip), phase)["dur"] for phase in found]
    assert seconds == pytest.approx([3 / 25.0, 0.0, 3 / 25.0])


def test_n03_lips_say_when_for_all_signals():
    """Every signal had runs of its own, which went on through frames without a change."""
    times = clock(PLANS[0], 25.0)
    drives = PLANS[0].smile.drives(times)
    late = np.roll(drives.eyelid, 15)
    found = markers(smiling(Drives(**{**vars(drives), "eyelid": late})), times)
    for phase, (first, last) in zip(PHASES, found.bounds, strict=True):
        for region in REGIONS:
            assert column(found, f"{region}_{phase}_dur") == pytest.approx(last - first)
    assert published([0, 1, 2, 2, 3, 4, 5, 4]).onset == slice(3, 7)


def test_n04_the_fastest_fall_is_the_largest():
    """The maximum of negative numbers was taken, which is the slowest."""
    values = values_of(both(9.0, 8.0, 4.0, 3.0), fps=1.0)  # V −1 −4 −1, A −3 3
    assert values["speed_max_fall"] == pytest.approx(4.0)
    assert values["speed_mean_fall"] == pytest.approx(2.0)
    assert values["acc_max_fall"] == values["acc_mean_fall"] == pytest.approx(3.0)
    assert values["acc_max_rise"] == values["acc_mean_rise"] == pytest.approx(3.0)


@pytest.mark.parametrize("fps", [10.0, 25.0, 29.97, 50.0, 120.0])
def test_n05_every_clip_has_its_own_times(fps):
    """50 frames per second were assumed of all."""
    rise = both(0.0, 1.0, 3.0, 6.0)
    values = values_of(rise, fps=fps)
    assert values["dur"] == pytest.approx(3.0 / fps)
    assert values["speed_max_rise"] == pytest.approx(3.0 * fps)
    assert values["acc_max_rise"] == pytest.approx(fps**2)
    assert values["total_rise"] == pytest.approx(10.0 / fps)


def test_n06_a_lid_is_above_by_y_and_depth_is_not_asked():
    """The sign of an eye's opening was that of its depth, and heads were turned by radians that
    were taken for degrees (D8 turns them back)."""
    times = np.arange(10) / 25.0
    opened, closed = still(10), still(10)
    move(closed, MESH.upper_lids.right, y=0.3)
    for lid, sign in (((159,), 1.0), ((386,), -1.0)):
        opened[:, lid, 2] = closed[:, lid, 2] = 5.0 * sign
    assert markers(opened, times).signals.eyelid.right == pytest.approx(np.full(10, 0.3))
    assert markers(opened, times).signals.eyelid.left == pytest.approx(np.full(10, 0.3))
    assert markers(closed, times).signals.eyelid.right == pytest.approx(np.full(10, -0.3))


def test_n07_numbers_are_not_squashed():
    """The marker loss went through a sigmoid and its gradient vanished. Ours are plain numbers:
    twice the movement is twice the amplitude, speed and acceleration, and the same time."""
    rng = np.random.default_rng(0)
    right, left = rng.uniform(0.5, 1.5, (2, 30))
    one = values_of(Signal(right, left))
    other = values_of(Signal(1000.0 * right, 1000.0 * left))
    for name in NAMES:
        same = name.startswith(("dur", "amp_ratio"))
        assert other[name] == pytest.approx(one[name] * (1.0 if same else 1000.0)), name


def test_n08_every_column_is_named_once_and_filled(smiles):
    """A network lay there without use. Of our columns those alone stand still that a phase of the
    lips fixes by its own definition: nine in the onset, where nothing falls, and in the offset."""
    assert len(set(COLUMNS)) == 225 == len(REGIONS) * len(PHASES) * len(FEATURES)
    assert COLUMNS.index("cheeks_offset_amp_max") == 1 * 75 + 2 * 25 + 5
    filled = np.isfinite(smiles).any(axis=0)
    varied = filled & (np.ptp(np.where(filled, np.nan_to_num(smiles), 0.0), axis=0) > 0.0)
    idle = {name for name, varies in zip(COLUMNS, varied, strict=True) if not varies}
    fixed = {
        f"mouth_{phase}_{name}"
        for phase, ways in (("onset", ("rise", "fall")), ("offset", ("fall", "rise")))
        for name in (
            *(f"{group}_{way}" for group in ("dur_ratio", "amp_ratio") for way in ways),
            *(
                f"{group}_{ways[1]}"
                for group in ("dur", "amp_mean", "total", "speed_max", "speed_mean")
            ),
        )
    }
    assert len(fixed) == 18
    assert idle == fixed
    takes = inspect.signature(extract).parameters
    assert set(takes) == {
        *("xyz", "times", "topology", "neutral_s", "smoothing", "rest", "rule", "which"),
        *("blinks", "legacy_lips", "out"),
    }, "no window, no frame rate"
