"""Transforms of the frames of one window by vidaug, and where each pixel goes.

What vidaug would draw by itself is given to it as a range of one value, or is read from its output.
Its frames are lists of (H, W, C) uint8. A matrix (3, 3) takes a point, x, y, 1 px, from
where it was to where it is; coordinates count from the corner, so the first pixel's centre is 0.5.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil, cos, radians, sin
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import vidaug.augmentors as va

Frames = list[npt.NDArray[np.uint8]]
Matrix = npt.NDArray[np.float64]


class Moved(NamedTuple):
    frames: Frames
    matrix: Matrix


@contextmanager
def seeded(rng: np.random.Generator) -> Iterator[None]:
    """Python's and NumPy's global randomness follow from `rng`, and are then what they were."""
    before, before_numpy = random.getstate(), np.random.get_state()
    seed = int(rng.integers(2**32))
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(before_numpy)


def mirror(frames: Frames) -> Moved:
    width = frames[0].shape[1]
    return Moved(va.HorizontalFlip()(frames), np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1.0]]))


def turn(frames: Frames, *, degrees: float, rng: np.random.Generator) -> Moved:
    """About the centre, counter-clockwise; beyond the chip its outermost pixels go on."""
    height, width, _ = frames[0].shape
    c, s = cos(radians(degrees)), sin(radians(degrees))
    rim = ceil(max(height, width) * abs(s) / 2) + 1
    # As float32, since whole numbers would be shrunk to 0 to 1, and in double precision.
    wide = np.pad(frames, ((0, 0), (rim, rim), (rim, rim), (0, 0)), mode="edge").astype(np.float32)
    operators = va.Sequential([va.RandomRotate((degrees, degrees)), va.CenterCrop((height, width))])
    with seeded(rng):  # it draws from its range of one value, too
        turned = operators(list(wide))
    x, y = width / 2, height / 2
    matrix = np.array([[c, s, x - c * x - s * y], [-s, c, y + s * x - c * y], [0, 0, 1]])
    return Moved([np.rint(frame).astype(np.uint8) for frame in turned], matrix)


def crop(frames: Frames, *, share: float, rng: np.random.Generator) -> Moved:
    """A part anywhere in the chip, whose sides are shorter by `share`, at the chip's size."""
    height, width, channels = frames[0].shape
    size = round(height * (1 - share)), round(width * (1 - share))
    where = np.moveaxis(np.indices((height, width)), 0, -1)  # goes along, and tells what was cut
    with seeded(rng):
        *parts, cut = va.RandomCrop(size)([*frames, where])
    top, left = cut[0, 0]
    # Not by vidaug's RandomResize, which calls a function that SciPy no longer has.
    large = [cv2.resize(part, (width, height)).reshape(height, width, channels) for part in parts]
    down, across = height / size[0], width / size[1]
    matrix = np.array([[across, 0, -across * left], [0, down, -down * top], [0, 0, 1]])
    return Moved(large, matrix)


def light(frames: Frames, *, gain: float, still: float = 0.0) -> Moved:
    """Every pixel times `gain`, at most 255; vidaug cuts off what is behind the point. In pictures
    of movement it is what differs from `still` that more light makes larger, to both sides."""
    if still == 0.0:
        return Moved(va.Multiply(gain)(frames), np.eye(3))
    levels = (np.rint(still + gain * (frame - still)).clip(0, 255) for frame in frames)
    return Moved([level.astype(np.uint8) for level in levels], np.eye(3))


def warped(count: int, *, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Which of `count` frames is shown at each place once time is bent."""
    with seeded(rng):
        return np.array(va.TemporalElasticTransformation()(range(count)))
