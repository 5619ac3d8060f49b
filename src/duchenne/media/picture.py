"""From a decoded frame to a small upright JPEG: orientation, square pixels, size and colours.

swscale's "fast" scaler shifts a picture by two thirds of a pixel at 1080p → 640 and aliases fine
texture. Area averaging of the YUV planes, followed by conversion to BGR at the small size, differs
from an exact area average by less than JPEG does, and takes at most half a millisecond.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import cos, radians, sin
from typing import Any, Self, cast

import av
import cv2
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from duchenne.media.jpeg import Pixels, encode

# A longer pixel means a broken header: broadcast formats reach 2.84 (half-width PAL at 16:9).
_LONGEST_PIXEL = 3
_AREA = Interpolation.AREA | Interpolation.ACCURATE_RND
_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_SD_HEIGHT = 576  # px; an untagged video is BT.601 up to here and BT.709 above, as in players


@dataclass(frozen=True)
class Orientation:
    """How stored pixels are turned upright: swap the axes, then flip along x, y or both."""

    swap: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Self:
        """From the display matrix: x' = a x + c y and y' = b x + d y, y down."""
        a, b, c, d = _display_matrix(frame)
        swap = abs(b) > abs(a)
        return cls(swap, (c if swap else a) < 0, (b if swap else d) < 0)

    @property
    def rotation(self) -> int:
        """Degrees clockwise; if `mirrored`, left and right are swapped after the rotation."""
        if self.swap:
            return 270 if self.flip_y else 90
        return 180 if self.flip_y else 0

    @property
    def mirrored(self) -> bool:
        return (self.flip_x != self.flip_y) != self.swap

    def apply(self, pixels: Pixels) -> Pixels:
        """`(H, W, 3)` as stored → `(H, W, 3)`, or `(W, H, 3)`, upright."""
        if self.swap:
            pixels = cast(Pixels, cv2.transpose(pixels))
        if self.flip_x or self.flip_y:
            axis = -1 if self.flip_x and self.flip_y else int(self.flip_x)  # OpenCV's flip codes
            pixels = cast(Pixels, cv2.flip(pixels, axis))
        return pixels


@dataclass(frozen=True)
class Geometry:
    """Sizes in px: `width` and `height` of the upright source with square pixels, `scaled` the
    (width, height) to which a stored frame is scaled before it is turned."""

    width: int
    height: int
    scaled: tuple[int, int]
    orientation: Orientation

    @classmethod
    def of(cls, frame: av.VideoFrame, *, pixel: Fraction | None, max_side: int) -> Self:
        """`pixel` is the aspect ratio (width / height) of a stored pixel; None if unknown."""
        orientation = Orientation.of(frame)
        width, height = max(1, round(frame.width * _plausible(pixel))), frame.height
        upright = (height, width) if orientation.swap else (width, height)
        return cls(*upright, within(width, height, max_side=max_side), orientation)


class FrameEncoder:
    """Makes JPEGs of one clip's frames; the scalers are set up once."""

    def __init__(self, geometry: Geometry, *, quality: int) -> None:
        self.geometry = geometry
        self._quality = quality
        self._shrink = VideoReformatter()
        self._colour = VideoReformatter()

    def jpeg(self, frame: av.VideoFrame) -> bytes:
        pixels = self.geometry.orientation.apply(self._small(frame))
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


def within(width: int, height: int, *, max_side: int) -> tuple[int, int]:
    """The size scaled down so that no side exceeds `max_side`; never scaled up."""
    scale = min(1.0, max_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _matrix(frame: av.VideoFrame) -> Colorspace:
    """The YUV matrix of the frame."""
    stated = {1: Colorspace.ITU709, 7: Colorspace.SMPTE240M, 9: Colorspace.BT2020}
    if frame.colorspace == _UNSPECIFIED and frame.height > _SD_HEIGHT:
        return Colorspace.ITU709
    return stated.get(frame.colorspace, Colorspace.ITU601)


def _range(frame: av.VideoFrame) -> ColorRange:
    """Full range if the frame says so or holds RGB, else limited."""
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
    return ColorRange.JPEG if full or frame.format.is_rgb else ColorRange.MPEG


def _plausible(pixel: Fraction | None) -> Fraction:
    if pixel is None or not Fraction(1, _LONGEST_PIXEL) <= pixel <= _LONGEST_PIXEL:
        return Fraction(1)
    return pixel


def _display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """(a, b, c, d) of the frame's display matrix, at any scale; the identity if it has none."""
    try:
        for side in cast(Iterable[Any], frame.side_data):
            if side.type.name == "DISPLAYMATRIX":
                a, b, _, c, d = struct.unpack_from("=5i", side)
                return a, b, c, d
    except ValueError:
        # PyAV cannot list side data if one kind is unknown to it; the angle is always there.
        clockwise = radians(-frame.rotation)
        cosine, sine = round(cos(clockwise)), round(sin(clockwise))
        return cosine, sine, -sine, cosine
    return 1, 0, 0, 1
