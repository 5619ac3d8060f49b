import av
import numpy as np
import pytest

from duchenne.media.picture import FrameEncoder, Geometry, Orientation, within
from tests.make.clips import decoded

BT709, BT601, UNSPECIFIED = 1, 5, 2


@pytest.mark.parametrize(
    ("height", "written", "tag"),
    [
        (720, BT709, UNSPECIFIED),
        (480, BT601, UNSPECIFIED),
        (720, BT601, BT601),
        (480, BT709, BT709),
    ],
)
def test_a_matrix_that_is_not_said_follows_the_height(height, written, tag):
    colour = (200, 60, 30)
    rgb = np.full((height, 640, 3), colour, np.uint8)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    frame = frame.reformat(format="yuv420p", dst_colorspace=written, dst_color_range=1)
    frame.colorspace = tag
    geometry = Geometry.of(frame, pixel=None, max_side=320)
    seen = decoded(FrameEncoder(geometry, quality=90).jpeg(frame))[10, 10, ::-1]
    assert np.abs(seen.astype(int) - colour).max() <= 4


@pytest.mark.parametrize("form", ["gray", "yuv444p10le", "yuv422p", "rgb24", "rgba", "nv12"])
def test_every_way_to_hold_pixels(form):
    rgb = np.full((128, 256, 3), 90, np.uint8)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=form)
    geometry = Geometry.of(frame, pixel=None, max_side=64)
    seen = decoded(FrameEncoder(geometry, quality=90).jpeg(frame))
    assert seen.shape == (32, 64, 3)
    assert np.abs(seen.astype(int) - 90).max() <= 3


PICTURE = np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(3, axis=2)


@pytest.mark.parametrize(
    ("orientation", "rotation", "mirrored", "upright"),
    [
        (Orientation(), 0, False, [[0, 1, 2], [3, 4, 5]]),
        (Orientation(swap=True, flip_x=True), 90, False, [[3, 0], [4, 1], [5, 2]]),
        (Orientation(flip_x=True, flip_y=True), 180, False, [[5, 4, 3], [2, 1, 0]]),
        (Orientation(swap=True, flip_y=True), 270, False, [[2, 5], [1, 4], [0, 3]]),
        (Orientation(flip_x=True), 0, True, [[2, 1, 0], [5, 4, 3]]),
        (Orientation(swap=True), 90, True, [[0, 3], [1, 4], [2, 5]]),
        (Orientation(flip_y=True), 180, True, [[3, 4, 5], [0, 1, 2]]),
        (Orientation(swap=True, flip_x=True, flip_y=True), 270, True, [[5, 2], [4, 1], [3, 0]]),
    ],
    ids=str,
)
def test_eight_ways_to_lie(orientation, rotation, mirrored, upright):
    assert (orientation.rotation, orientation.mirrored) == (rotation, mirrored)
    turned = np.rot90(PICTURE, -rotation // 90)
    expected = turned[:, ::-1] if mirrored else turned
    assert orientation.apply(PICTURE)[:, :, 0].tolist() == upright == expected[:, :, 0].tolist()


@pytest.mark.parametrize(
    ("size", "scaled"),
    [
        ((1920, 1080), (640, 360)),
        ((1080, 1920), (360, 640)),
        ((640, 640), (640, 640)),
        ((320, 240), (320, 240)),
        ((641, 1), (640, 1)),
        ((10_000, 3), (640, 1)),
    ],
    ids=str,
)
def test_the_shape_stays_and_nothing_grows(size, scaled):
    assert within(*size, max_side=640) == scaled
