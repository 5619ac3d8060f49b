import av
import numpy as np
import pytest

from duchenne.media.geometry import Geometry
from duchenne.media.picture import Developer
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
    seen = decoded(Developer(geometry, quality=90).jpeg(frame))[10, 10, ::-1]
    assert np.abs(seen.astype(int) - colour).max() <= 4


@pytest.mark.parametrize("form", ["gray", "yuv444p10le", "yuv422p", "rgb24", "rgba", "nv12"])
def test_every_way_to_hold_pixels(form):
    rgb = np.full((128, 256, 3), 90, np.uint8)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=form)
    geometry = Geometry.of(frame, pixel=None, max_side=64)
    seen = decoded(Developer(geometry, quality=90).jpeg(frame))
    assert seen.shape == (32, 64, 3)
    assert np.abs(seen.astype(int) - 90).max() <= 3
