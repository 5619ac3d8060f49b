"""From the pixels a codec stores to the picture a person saw: shape, size and which way is up."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import cos, radians, sin
from typing import Any, Self, cast

import av
import cv2

from duchenne.media.jpeg import Pixels

# Pixels more oblong than this are a broken header, not a broadcast format (the longest of those,
# half-width PAL at 16:9, is 2.84).
_LONGEST_PIXEL = 3


@dataclass(frozen=True)
class Turn:
    """How stored pixels become upright: swap the axes, then mirror along x, y or both."""

    swap: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Self:
        """From the display matrix: x' = a x + c y and y' = b x + d y, with y downwards."""
        a, b, c, d = _display_matrix(frame)
        swap = abs(b) > abs(a)
        return cls(swap, (c if swap else a) < 0, (b if swap else d) < 0)

    @property
    def rotation(self) -> int:
        """Degrees clockwise, before a mirrored picture is mirrored from left to right."""
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
            axis = -1 if self.flip_x and self.flip_y else int(self.flip_x)  # as OpenCV counts them
            pixels = cast(Pixels, cv2.flip(pixels, axis))
        return pixels


@dataclass(frozen=True)
class Geometry:
    """Sizes in px. `scaled` is what the scaler makes of a stored frame, before the turn."""

    width: int
    height: int
    scaled: tuple[int, int]
    turn: Turn

    @classmethod
    def of(cls, frame: av.VideoFrame, *, pixel: Fraction | None, max_side: int) -> Self:
        """`pixel` is the shape (width to height) of one stored pixel, where the file says it."""
        turn = Turn.of(frame)
        width, height = max(1, round(frame.width * _plausible(pixel))), frame.height
        upright = (height, width) if turn.swap else (width, height)
        return cls(*upright, within(width, height, max_side=max_side), turn)


def within(width: int, height: int, *, max_side: int) -> tuple[int, int]:
    """The same shape with no side longer than `max_side`; never larger than it was."""
    scale = min(1.0, max_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _plausible(pixel: Fraction | None) -> Fraction:
    if pixel is None or not Fraction(1, _LONGEST_PIXEL) <= pixel <= _LONGEST_PIXEL:
        return Fraction(1)
    return pixel


def _display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """(a, b, c, d) of the frame's display matrix, of any scale; the identity where it has none."""
    try:
        for side in cast(Iterable[Any], frame.side_data):
            if side.type.name == "DISPLAYMATRIX":
                a, b, _, c, d = struct.unpack_from("=5i", side)
                return a, b, c, d
    except ValueError:
        # PyAV shows no side data at all next to a kind it has no name for, but always the angle
        clockwise = radians(-frame.rotation)
        cosine, sine = round(cos(clockwise)), round(sin(clockwise))
        return cosine, sine, -sine, cosine
    return 1, 0, 0, 1
