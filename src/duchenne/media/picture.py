"""One decoded frame to one small upright JPEG, cheaply and without moving a pixel.

Of swscale's scalers the one called fast shifts the picture by
two thirds of a pixel at 1080p → 640 and folds fine texture into it. Area averaging on the YUV
planes, then colours at the small size, is as near to an exact area average as JPEG lets one see
and costs no more than half a millisecond.
"""

from typing import cast

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from duchenne.media.geometry import Geometry
from duchenne.media.jpeg import Pixels, encode

_AREA = Interpolation.AREA | Interpolation.ACCURATE_RND
_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_SD_HEIGHT = 576  # px; what is not said is BT.601 up to here and BT.709 above, as players hold


class Developer:
    """Turns frames of one clip into JPEGs; keeps the scalers warm from frame to frame."""

    def __init__(self, geometry: Geometry, *, quality: int) -> None:
        self.geometry = geometry
        self._quality = quality
        self._shrink = VideoReformatter()
        self._colour = VideoReformatter()

    def jpeg(self, frame: av.VideoFrame) -> bytes:
        pixels = self.geometry.turn.apply(self._small(frame))
        return encode(pixels, quality=self._quality)

    def _small(self, frame: av.VideoFrame) -> Pixels:
        """`(H, W, 3)` BGR, scaled but not yet turned."""
        width, height = self.geometry.scaled
        matrix, extent = _matrix(frame), _range(frame)
        small = self._shrink.reformat(
            frame,
            width,
            height,
            "yuv420p",
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=extent,
            dst_color_range=extent,
            interpolation=_AREA,
            threads=1,
        )
        colour = self._colour.reformat(
            small,
            format="bgr24",
            src_colorspace=matrix,
            src_color_range=extent,
            threads=1,
        )
        return cast(Pixels, colour.to_ndarray())


def _matrix(frame: av.VideoFrame) -> Colorspace:
    """The YUV matrix of the frame."""
    stated = {1: Colorspace.ITU709, 7: Colorspace.SMPTE240M, 9: Colorspace.BT2020}
    if frame.colorspace == _UNSPECIFIED and frame.height > _SD_HEIGHT:
        return Colorspace.ITU709
    return stated.get(frame.colorspace, Colorspace.ITU601)


def _range(frame: av.VideoFrame) -> ColorRange:
    """Full range where the frame says so or holds RGB, limited otherwise."""
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
    return ColorRange.JPEG if full or frame.format.is_rgb else ColorRange.MPEG
