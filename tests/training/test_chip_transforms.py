"""Each operator of vidaug that is used, one by one, with today's NumPy."""

import random

import numpy as np
import pytest

from duchenne.training import chip_transforms as by


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def texture(*, channels: int = 3, height: int = 7, width: int = 7) -> by.Frames:
    """Two frames, hardly two pixels alike."""
    return list(rng(1).integers(0, 256, (2, height, width, channels), dtype=np.uint8))


def plain(value: int, *, side: int = 9) -> by.Frames:
    return [np.full((side, side, 1), value, np.uint8)]


def place(matrix: by.Matrix, x: float, y: float) -> list[float]:
    return [float(value) for value in (matrix @ [x, y, 1.0])[:2]]


def same(found: by.Frames, wanted: by.Frames) -> bool:
    return all(
        np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_horizontal_flip_swaps_left_and_right(channels: int):
    frames = texture(channels=channels, width=5)
    found = by.mirror(frames)
    assert same(found.frames, [frame[:, ::-1] for frame in frames])
    assert place(found.matrix, 0.5, 2.5) == [4.5, 2.5]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("degrees", "corner"), [(90.0, [0.5, 6.5]), (-90.0, [6.5, 0.5])])
def test_random_rotate_turns_by_the_one_angle_it_may_choose_and_keeps_the_values(
    channels: int, degrees: float, corner: list[float]
):
    """Quarters of a turn can be told exactly. The first pixel goes to the corner that is named."""
    frames = texture(channels=channels)
    found = by.turn(frames, degrees=degrees, rng=rng())
    assert same(found.frames, [np.rot90(frame, round(degrees / 90)) for frame in frames])
    assert place(found.matrix, 0.5, 0.5) == pytest.approx(corner)


@pytest.mark.parametrize("degrees", [0.7, -12.0, 45.0])
def test_between_pixels_a_turn_interpolates_and_rounds(degrees: float):
    """Of a slope, every value is known: that of the place where the pixel comes from."""
    y, x = np.mgrid[:21, :21] + 0.5
    slope = (5 * x + 3 * y + 20).astype(np.uint8)  # whole numbers: both halves make 4
    found = by.turn([slope[:, :, None]], degrees=degrees, rng=rng())
    there = np.linalg.inv(found.matrix) @ np.stack([x, y, np.ones_like(x)]).reshape(3, -1)
    wanted = ([5.0, 3.0, 20.0] @ there).reshape(21, 21)
    inside = slice(5, 16)
    assert np.abs(found.frames[0][inside, inside, 0] - wanted[inside, inside]).max() < 0.51


@pytest.mark.parametrize("degrees", [1.0, -12.0, 45.0, 130.0])
def test_center_crop_takes_the_rim_off_again_and_no_corner_is_black(degrees: float):
    assert same(by.turn(plain(201), degrees=degrees, rng=rng()).frames, plain(201))


def test_random_crop_cuts_a_part_anywhere_and_tells_which():
    """Of 8 × 12 pixels, 4 × 6, each then four times as large. Its centre can be told exactly."""
    frames = texture(height=8, width=12)
    tops, lefts = set(), set()
    for seed in range(60):
        found = by.crop(frames, share=0.5, rng=rng(seed))
        assert [frame.shape for frame in found.frames] == [(8, 12, 3)] * 2
        assert found.matrix[:2, :2].tolist() == [[2.0, 0.0], [0.0, 2.0]]
        left, top = round(-found.matrix[0, 2] / 2), round(-found.matrix[1, 2] / 2)
        for large, frame in zip(found.frames, frames, strict=True):
            part = frame[top : top + 4, left : left + 6]
            corners = (slice(None, None, 3), slice(None, None, 5))
            whole = (slice(None, None, 7), slice(None, None, 11))
            assert np.array_equal(large[whole], part[corners])
        tops.add(top)
        lefts.add(left)
    assert (tops, lefts) == (set(range(5)), set(range(7)))


@pytest.mark.parametrize("value", [3, 200])
def test_what_is_cropped_keeps_its_values_and_a_single_channel(value: int):
    assert same(by.crop(plain(value), share=0.3, rng=rng()).frames, plain(value))


@pytest.mark.parametrize(
    ("gain", "wanted"), [(1.5, [0, 15, 151, 255, 255]), (0.5, [0, 5, 50, 100, 127])]
)
def test_multiply_makes_lighter_or_darker_and_stops_at_white(gain: float, wanted: list[int]):
    frame = np.array([0, 10, 101, 200, 255], np.uint8).reshape(1, 5, 1)
    found = by.light([frame], gain=gain)
    assert same(found.frames, [np.array(wanted, np.uint8).reshape(1, 5, 1)])
    assert place(found.matrix, 3.0, 4.0) == [3.0, 4.0]


def test_more_light_makes_movements_larger_about_what_stands_still():
    frame = np.array([0, 28, 128, 148, 255], np.uint8).reshape(1, 5, 1)
    found = by.light([frame], gain=1.5, still=128.0).frames
    assert same(found, [np.array([0, 0, 128, 158, 255], np.uint8).reshape(1, 5, 1)])
    found = by.light([frame], gain=0.5, still=128.0).frames
    assert same(found, [np.array([64, 78, 128, 138, 192], np.uint8).reshape(1, 5, 1)])


def test_temporal_elastic_transformation_bends_time_and_turns_it_never_back():
    """It keeps both ends; the frames before the middle become later or earlier, those after it the
    other way round, by up to 9 % of the window."""
    orders = np.array([by.warped(100, rng=rng(seed)) for seed in range(200)])
    assert (orders[:, 0] == 0).all()
    assert (orders[:, -1] == 99).all()
    assert (np.diff(orders) >= 0).all()
    away = orders - np.arange(100)
    assert np.abs(away).max() == pytest.approx(9, abs=1)
    early = np.sign(away[:, 25])
    assert (early == -np.sign(away[:, 74])).all()
    assert 70 < (early > 0).sum() < 130


def test_a_single_frame_has_no_time_to_bend():
    assert by.warped(1, rng=rng()).tolist() == [0]


def test_global_randomness_follows_from_the_generator_and_is_then_what_it_was():
    def drawn() -> tuple[float, float]:
        return random.random(), float(np.random.random())

    def inside(seed: int) -> tuple[float, float]:
        with by.seeded(rng(seed)):
            return drawn()

    random.seed(5)
    np.random.seed(5)
    wanted = drawn(), drawn()
    random.seed(5)
    np.random.seed(5)
    first = drawn()
    once, again, other = inside(0), inside(0), inside(1)
    assert once == again
    assert not set(once) & set(other)
    assert (first, drawn()) == wanted


def test_global_randomness_is_given_back_after_an_error_too():
    before = random.getstate(), repr(np.random.get_state())
    with pytest.raises(ZeroDivisionError), by.seeded(rng()):
        print(random.random() + np.random.random(), 1 / 0)
    after = random.getstate(), repr(np.random.get_state())
    assert after == before
