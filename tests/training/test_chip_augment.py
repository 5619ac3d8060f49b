"""Windows of chips: each changed as a whole, by the generator alone, and points can follow."""

import random
import subprocess
import sys

import numpy as np
import pytest

from duchenne.training.chip_augment import Changed, ChipAugment, change, moved
from tests.rules.imports import ROOT

EVERYTHING = ChipAugment(mirror=0.5, rotate=8.0, crop=0.3, brightness=0.4, warp=0.5)
SIDE, FRAMES = 12, 5
ONE_BY_ONE = [
    ChipAugment(mirror=1.0),
    ChipAugment(rotate=8.0),
    ChipAugment(crop=0.4),
    ChipAugment(brightness=0.4),
    ChipAugment(warp=1.0),
]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def texture(windows: int = 4, *, frames: int = FRAMES, side: int = SIDE, channels: int = 3):
    """(B, T, H, W, C), no two frames alike."""
    return rng(9).integers(0, 256, (windows, frames, side, side, channels), dtype=np.uint8)


def go(how: ChipAugment, chips, *, present=None, seed: int = 0) -> Changed:
    seen = np.ones(chips.shape[:2], bool) if present is None else present
    return change(how, chips, seen, rng=rng(seed))


def test_off_changes_nothing():
    chips = texture()
    found = go(ChipAugment(), chips)
    assert found.chips is chips
    assert not found.mirrored.any()
    assert found.affine.tolist() == [[[1, 0, 0], [0, 1, 0]]] * 4


def test_off_does_not_even_load_vidaug():
    code = (
        "import sys, numpy as np; from duchenne.training.chip_augment import *;"
        "change(ChipAugment({}), np.zeros((1, 1, 4, 4, 1), np.uint8), np.ones((1, 1), bool),"
        " rng=np.random.default_rng(0)); print('vidaug' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code.format(mirror)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT / "src",
        ).stdout.strip()
        for mirror in ("", "mirror=1.0")
    ]
    assert said == ["False", "True"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("how", [*ONE_BY_ONE, EVERYTHING])
def test_shape_and_type_stay_and_what_was_given_is_not_written_to(how: ChipAugment, channels: int):
    chips = texture(channels=channels, frames=16)
    given = chips.copy()
    found = go(how, chips)
    assert np.array_equal(chips, given)
    assert found.chips.shape == chips.shape
    assert found.chips.dtype == np.uint8
    assert not np.array_equal(found.chips, chips)


def test_a_window_is_changed_as_a_whole_and_each_in_its_own_way():
    """Frames that were alike still are; windows that were alike are no longer."""
    chips = np.broadcast_to(texture(1, frames=1), (6, FRAMES, SIDE, SIDE, 3))
    found = go(EVERYTHING, chips).chips
    assert (found == found[:, :1]).all()
    assert len({window[0].tobytes() for window in found}) == 6


@pytest.mark.parametrize("how", [*ONE_BY_ONE, EVERYTHING])
def test_absent_frames_are_left_alone_and_take_no_part(how: ChipAugment):
    present = rng(3).random((6, 16)) < 0.6
    present[0] = np.arange(16) == 7
    chips = texture(6, frames=16)
    other = np.where(present[:, :, None, None, None], chips, 255 - chips)
    found, among_others = go(how, chips, present=present), go(how, other, present=present)
    assert np.array_equal(found.chips[~present], chips[~present])
    assert np.array_equal(found.chips[present], among_others.chips[present])
    assert np.array_equal(among_others.chips[~present], other[~present])


def test_bent_time_shows_present_frames_in_their_order():
    """Each frame is as bright as its number."""
    chips = np.tile(np.arange(40, dtype=np.uint8)[None, :, None, None, None], (9, 1, 2, 2, 1))
    present = np.arange(40) % 3 > 0
    found = go(ChipAugment(warp=1.0), chips, present=np.tile(present, (9, 1)))
    shown = found.chips[:, present, 0, 0, 0].astype(int)
    numbers = np.flatnonzero(present)
    assert np.isin(shown, numbers).all()
    assert (np.diff(shown) >= 0).all()
    assert (shown[:, 0] == numbers[0]).all()
    assert (shown != numbers).any()
    assert (found.chips[:, ~present, 0, 0, 0] == np.flatnonzero(~present)).all()


def test_time_is_bent_as_often_as_asked_for():
    """Of 64 frames some always change their places."""
    chips = np.tile(np.arange(64, dtype=np.uint8)[None, :, None, None, None], (200, 1, 1, 1, 1))
    bent = (go(ChipAugment(warp=0.3), chips).chips != chips).any(axis=(1, 2, 3, 4))
    assert bent.mean() == pytest.approx(0.3, abs=0.1)


def test_mirrored_windows_are_those_that_are_said_to_be():
    chips = texture(60, frames=2, side=4)
    found = go(ChipAugment(mirror=0.4), chips)
    assert found.mirrored.mean() == pytest.approx(0.4, abs=0.15)
    for shown, given, mirrored in zip(found.chips, chips, found.mirrored, strict=True):
        assert np.array_equal(shown, given[:, :, ::-1] if mirrored else given)
    assert np.array_equal(found.mirrored, np.linalg.det(found.affine[:, :, :2]) < 0)
    everything = go(EVERYTHING, texture(60, frames=1))
    assert np.array_equal(everything.mirrored, np.linalg.det(everything.affine[:, :, :2]) < 0)


def test_points_by_hand():
    """In a mirror; and twice as large about the corner, then a tenth further down."""
    affine = np.array([[[-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]], [[2.0, 0.0, 0.0], [0.0, 2.0, 0.1]]])
    found = moved(np.array([[[0.25, 0.4], [1.0, 0.0]]] * 2), affine)
    assert found == pytest.approx(np.array([[[0.75, 0.4], [0, 0]], [[0.5, 0.9], [2, 0.1]]]))


@pytest.mark.parametrize(
    "how",
    [*ONE_BY_ONE[:2], ChipAugment(crop=0.25), ChipAugment(mirror=0.5, rotate=20.0, crop=0.25)],
    ids=["mirror", "rotate", "crop", "all"],
)
@pytest.mark.parametrize(("height", "width"), [(72, 72), (72, 96)])
def test_a_marked_pixel_goes_where_its_point_goes(how: ChipAugment, height: int, width: int):
    """The centre of mass of a small bright spot, to a fifth of a pixel."""
    windows, sides = 12, np.array([width, height])
    points = 0.5 + rng(4).uniform(-0.12, 0.12, (windows, 1, 2))
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5

    def spot(at):
        away = (x - at[0]) ** 2 + (y[:, None] - at[1]) ** 2
        return np.rint(250 * np.exp(-away / 8.0)).astype(np.uint8)

    chips = np.stack([spot(point[0] * sides) for point in points])[:, None, :, :, None]
    found = go(how, chips)
    weight = found.chips[:, 0, :, :, 0].astype(float)
    total = weight.sum(axis=(1, 2))
    seen = np.stack([weight.sum(1) @ x / total, weight.sum(2) @ y / total], axis=-1)
    wanted = moved(points, found.affine)[:, 0] * sides
    assert np.abs(seen - wanted).max() < 0.2
    assert np.abs(points[:, 0] * sides - wanted).max() > 2.0, "or this would show nothing"


def test_turns_crops_and_light_are_as_large_as_asked_for():
    chips = np.full((500, 1, 50, 50, 1), 100, np.uint8)
    across, down = go(ChipAugment(rotate=3.0), chips).affine[:, 0, :2].T
    angles = np.degrees(np.arctan2(down, across))
    assert (angles.mean(), angles.std()) == pytest.approx((0.0, 3.0), abs=0.3)
    kept = 1.0 / go(ChipAugment(crop=0.2), chips).affine[:, [0, 1], [0, 1]]
    assert np.array_equal(kept[:, 0], kept[:, 1])
    assert np.quantile(kept, [0, 0.25, 0.5, 0.75, 1]) == pytest.approx(
        [0.8, 0.85, 0.9, 0.95, 1.0], abs=0.02
    )
    small = np.full((3000, 1, 1, 1, 1), 100, np.uint8)
    grey = go(ChipAugment(brightness=0.2), small).chips.ravel()
    assert np.quantile(grey, [0, 0.25, 0.5, 0.75, 1]) == pytest.approx(
        [80, 90, 100, 110, 120], abs=1.5
    )


def test_one_change_does_not_depend_on_whether_another_is_on():
    """What is drawn for a mirror and a turn is drawn whatever else is wanted."""
    chips = texture(20, frames=1)
    few = go(ChipAugment(mirror=0.5, rotate=8.0), chips)
    more = go(ChipAugment(mirror=0.5, rotate=8.0, brightness=0.4, warp=0.5), chips)
    assert np.array_equal(few.mirrored, more.mirrored)
    assert np.array_equal(few.affine, more.affine)


def test_the_generator_alone_decides():
    """Whatever state global randomness is in; and it finds itself as it was."""
    chips, results = texture(frames=16), []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        before = random.getstate(), repr(np.random.get_state())
        results.append(go(EVERYTHING, chips))
        assert (random.getstate(), repr(np.random.get_state())) == before
    once, again = results
    assert all(
        np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(once, again, strict=True)
    )
    other = go(EVERYTHING, chips, seed=1)
    assert not any(
        np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(once, other, strict=True)
    )


def test_a_run_that_goes_on_changes_windows_as_one_that_was_never_stopped():
    generator, chips = rng(), texture()
    seen = np.ones(chips.shape[:2], bool)
    change(EVERYTHING, chips, seen, rng=generator)
    state = generator.bit_generator.state
    wanted = change(EVERYTHING, chips, seen, rng=generator)
    later = rng(77)
    later.bit_generator.state = state
    found = change(EVERYTHING, chips, seen, rng=later)
    assert all(
        np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(found, wanted, strict=True)
    )
