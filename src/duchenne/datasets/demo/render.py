"""Render the frames of a clip, at any times and from any view."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from duchenne.datasets.demo.plan import ClipPlan
from duchenne.datasets.demo.portrait import Image, rounded
from duchenne.datasets.demo.sitter import CENTRE, DETAIL, SHOWN, Sitter, sit
from duchenne.errors import ParamsError

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """A change of the camera; the default is the clip as planned.

    `scale` enlarges the face within the frame. `size` is the side of the frame in px, by default
    that of the plan; the face grows with it. `right` and `down` shift by shares of the side, `roll`
    turns clockwise by degrees, `mirrored` swaps left and right of the finished picture.
    """

    scale: float = 1.0
    size: int | None = None
    right: float = 0.0
    down: float = 0.0
    roll: float = 0.0
    mirrored: bool = False

    def __post_init__(self) -> None:
        if self.scale <= 0.0 or (self.size is not None and (self.size <= 0 or self.size % 2)):
            raise ParamsError(
                f"a view needs a scale above 0 and an even size above 0 px, not {self.scale} "
                f"and {self.size}."
            )


def render(
    plan: ClipPlan, *, times: ArrayLike | None = None, view: View | None = None
) -> Iterator[Image]:
    """Yield frames (size, size, 3) BGR at `times` (T,) s, by default those of the plan.

    Motion depends on the time alone, camera noise on the number of the frame in `times`.
    """
    view = view or View()
    size = view.size or plan.size
    at = plan.times() if times is None else np.atleast_1d(np.asarray(times, dtype=np.float64))
    sitter = sit(plan.look, reach=_reach(_cameras(plan, view, size=size, time=at), size))
    yield from film(plan, sitter, portrait_drives(plan, at), times=at, view=view)


def film(
    plan: ClipPlan, sitter: Sitter, drives: Matrix, *, times: Matrix, view: View
) -> Iterator[Image]:
    """Yield frames of a sitter at `times` (T,) s, moved by `drives` (T, K + 1): those of the
    sitter's K fields, and of the eyelids."""
    size = view.size or plan.size
    cameras = _cameras(plan, view, size=size, time=times)
    texture = np.asarray(cv2.convertScaleAbs(sitter.texture, alpha=plan.light), dtype=np.uint8)
    noise, grain = np.random.default_rng(plan.noise_seed), _grain(plan.noise)
    frames = zip(drives.tolist(), cameras, strict=True)
    for each, shots in groupby(frames, key=lambda frame: frame[0]):
        moved = _displacement(sitter, each)
        for _, camera in shots:
            picture = _film(sitter, texture, moved, camera, size=size)
            yield _noisy(picture, noise, grain=grain)


def portrait_drives(plan: ClipPlan, time: Matrix) -> Matrix:
    """Drives (T, 5) of the unmirrored portrait: lips left and right, cheeks likewise, eyelids."""
    drives = plan.drives(time)
    lips = [drives.lip_right, drives.lip_left]  # the subject's right is on the picture's left
    if plan.look.mirrored:
        lips.reverse()
    return np.column_stack((*lips, drives.cheek, drives.cheek, drives.eyelid))


def _displacement(sitter: Sitter, drives: Sequence[float]) -> NDArray[np.float32] | None:
    """Inverse displacement (MOVING, MOVING, 2) px of the moving square; None at rest."""
    if not any(drives):
        return None
    back = sitter.fields.backward(drives[:-1])
    x0, y0 = sitter.fields.corner
    for eye in sitter.eyes:
        left = eye.left - x0
        columns = slice(left, left + len(eye.upper))
        first = int(eye.upper.min() - eye.reach) - y0
        rows = slice(first, int(eye.lower.max() + eye.reach) - y0 + 2)
        heights = np.arange(rows.start, rows.stop, dtype=np.float64) + y0
        back[rows, columns, 1] += eye.backward(heights, drives[-1]).astype(np.float32)
    return back


def _film(
    sitter: Sitter, texture: Image, back: NDArray[np.float32] | None, camera: Matrix, *, size: int
) -> Image:
    """The texture, displaced by `back` and seen by the camera: (size, size, 3)."""
    place = camera.astype(np.float32)
    place[:, 2] = camera[:, 2] + 0.5
    at = np.arange(size, dtype=np.float32)
    along = [row[0] * at[None, :] + row[1] * at[:, None] + row[2] for row in place]
    if back is not None:
        to_square = camera.copy()
        to_square[:, 2] -= sitter.fields.corner
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(back, to_square, (size, size), flags=flags, borderValue=(0.0, 0.0))
        along = [axis + moved[..., number] for number, axis in enumerate(along)]
    first = (sitter.part.left, sitter.part.top)  # subtracted last, which avoids rounding errors
    x, y = (
        (axis * DETAIL - 0.5) - start * DETAIL for axis, start in zip(along, first, strict=True)
    )
    picture = cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(picture, dtype=np.uint8)


def _reach(cameras: Matrix, size: int) -> float:
    """Greatest distance along an axis, px, of a corner of a frame from CENTRE of the portrait."""
    end = size - 1.0
    corners = np.array([[0.0, end, 0.0, end], [0.0, 0.0, end, end], [1.0, 1.0, 1.0, 1.0]])
    seen = cameras @ corners - np.array(CENTRE)[:, None]
    return float(np.abs(seen).max(initial=0.0))


def _cameras(plan: ClipPlan, view: View, *, size: int, time: Matrix) -> Matrix:
    """Affine maps (T, 2, 3) from frame to portrait: inverse of head motion and view."""
    head = plan.head
    zoom = size / SHOWN * view.scale * (1.0 + head.zoom.at(time))
    turn = np.deg2rad(head.roll.at(time) + view.roll)
    cos, sin = np.cos(turn) / zoom, np.sin(turn) / zoom
    out = np.empty((len(time), 2, 3))
    out[:, :, :2] = np.moveaxis(np.array([[cos, sin], [-sin, cos]]), -1, 0)
    if plan.look.mirrored:
        out[:, 0, :2] *= -1.0
    offset = (size - 1) / 2.0
    right = offset + size * (head.right.at(time) + view.right)
    down = offset + size * (head.down.at(time) + view.down)
    middle = np.stack((right, down), axis=-1)
    out[:, :, 2] = np.array(CENTRE) - np.einsum("tij,tj->ti", out[:, :, :2], middle)
    return rounded(_mirror(out, size) if view.mirrored else out)


def _mirror(cameras: Matrix, size: int) -> Matrix:
    flipped = cameras.copy()
    flipped[:, :, 0] *= -1.0
    flipped[:, :, 2] += (size - 1) * cameras[:, :, 0]
    return flipped


def _grain(spread: float) -> NDArray[np.int16]:
    """A table (256,) of equally likely grey levels that approximates normal noise.

    `spread` is the standard deviation; the table reaches 2.9 times that. Noise from the table needs
    one random byte for each pixel and is ten times faster than normal numbers.
    """
    levels = spread * ndtri((np.arange(256) + 0.5) / 256.0)
    return np.asarray(np.rint(levels), dtype=np.int16)


def _noisy(picture: Image, rng: np.random.Generator, *, grain: NDArray[np.int16]) -> Image:
    height, width = picture.shape[:2]
    drawn = np.frombuffer(rng.bytes(height * width), dtype=np.uint8).reshape(height, width)
    grey = cv2.LUT(drawn, grain)
    return np.asarray(cv2.add(picture, cv2.merge((grey, grey, grey)), dtype=cv2.CV_8U))
