"""Cuts of a film, and films of a frozen picture, told from what the mesh sees of each frame.

A cut changes the scene, the face and its landmarks at once and for good: three frames before it are
all unlike three frames after it. A flash, a damaged frame and a quick head change one or two of
these, or come back. Proportions of the skull do not tell people apart: between two of the real
clips they differ by 0.010 inter-ocular distances, within one by 0.026.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.errors import Unusable
from duchenne.face import similarity
from duchenne.face.series import ROUNDING_S
from duchenne.face.similarity import Array
from duchenne.face.topology import Topology
from duchenne.media.jpeg import Pixels


class Limits(NamedTuple):
    """How much must change at least for a cut."""

    scene: float  # mean difference of grey levels, 0 to 1
    face: float  # 1 − correlation of the aligned pictures of the face
    shape: float  # distance of landmarks after alignment, in shares of their spread


# Any will do: another face, another scene with a face that could be the same, or both with a face
# of the same shape. Frames that follow each other in a real clip differ by 0.020, 0.13, 0.034 at
# most.
CUTS = (Limits(0.02, 0.25, 0.03), Limits(0.06, 0.12, 0.025), Limits(0.06, 0.4, 0.015))
AROUND = 3  # frames on either side
# After so many s without a face it has had time to turn, and only another scene tells a cut.
GAP_S = 0.3
SHORTEST = 5  # frames; a smile rises and falls in no fewer
# A frozen picture: between half of the frames landmarks move by less than STEP of the face's size,
# between three quarters by less than STEPS, in the whole film by less than WAY. Codecs that starve
# a still move them by 0.00027, 0.00071 and 0.0061 at most, living faces by 0.00065, 0.00077 and, in
# two seconds, 0.012 at least. The last two tell a film that repeats its frames.
STEP, STEPS, WAY = 0.00045, 0.00075, 0.007
_STRIDE_SIDE = 32  # the scene is read at about so many places along each side
_SIDE = 24  # px of the aligned picture of the face
_REACH = 1.9  # its side, in inter-ocular distances
_LOWER = 0.45  # its middle below the eyes


class View(NamedTuple):
    """What is kept of one frame: 2 kB."""

    frame: int
    time: float  # s
    scene: npt.NDArray[np.uint8]  # (S, S'), grey
    face: npt.NDArray[np.uint8] | None  # (24, 24), aligned, grey; None without a face
    points: npt.NDArray[np.float32] | None  # (K, 2) rigid and moving landmarks, px


def view_of(
    frame: int, time: float, pixels: Pixels, xyz: npt.NDArray[np.floating[Any]], topology: Topology
) -> View:
    """The view of a picture (H, W, 3) with landmarks (N, 3) in its px, NaN without a face."""
    height, width = pixels.shape[:2]
    down, across = max(height // _STRIDE_SIDE, 1), max(width // _STRIDE_SIDE, 1)
    scene = pixels[down // 2 :: down, across // 2 :: across, 1].copy()
    if not np.isfinite(xyz).all():
        return View(frame, time, scene, None, None)
    points = xyz[:: max(len(xyz) // 68, 1), :2].astype(np.float32)
    return View(frame, time, scene, _aligned(pixels, xyz, topology), points)


def _aligned(
    pixels: Pixels, xyz: npt.NDArray[np.floating[Any]], topology: Topology
) -> npt.NDArray[np.uint8]:
    """The face upright, with its eyes at fixed places."""
    import cv2

    right, left = (side[0] for side in topology.eye_centres(xyz[None, :, :2].astype(np.float64)))
    across = left - right
    step = across * (_REACH / (2 * _SIDE))
    down = np.array([-step[1], step[0]])
    corner = (right + left) / 2.0 + _LOWER * np.array([-across[1], across[0]])
    corner -= (step + down) * (_SIDE - 0.5)
    to_picture = np.column_stack([step, down, corner])
    wide = cv2.warpAffine(
        pixels, to_picture, (2 * _SIDE, 2 * _SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )[..., 1]  # fmt: skip
    return np.asarray(wide.reshape(_SIDE, 2, _SIDE, 2).mean(axis=(1, 3)), np.uint8)


def piece(views: list[View], *, how: str) -> slice:
    """The frames of a film to keep: all of them or, if `how` is longest, of the longest piece
    between two cuts. Unusable: too_short, still, or cut if `how` is refuse."""
    times = np.array([view.time for view in views])
    if len(views) < SHORTEST:
        raise Unusable("too_short", f"{len(views)} frames, and a smile takes at least {SHORTEST}")
    if frozen(views):
        raise Unusable("still", "nothing changes from frame to frame: a picture, not a film")
    cuts = find(views)
    if cuts and how == "refuse":
        at = ", ".join(f"{times[place]:.2f} s (frame {views[place].frame})" for place in cuts[:3])
        more = f" and {len(cuts) - 3} more" if len(cuts) > 3 else ""
        detail = f"the film is cut at {at}{more}; set detect.cuts: longest to keep one piece"
        raise Unusable("cut", detail)
    return longest(cuts, times)


def find(views: list[View]) -> list[int]:
    """The places in `views` at which another piece of the film begins."""
    seen = [place for place, view in enumerate(views) if view.face is not None]
    found: list[int] = []
    for number in range(1, len(seen)):
        before = [views[place] for place in seen[max(number - AROUND, 0) : number]]
        after = [views[place] for place in seen[number : number + AROUND]]
        if _changes(before, after):
            found.append(_first_of(views, seen[number - 1], seen[number]))
    return found


def _changes(before: list[View], after: list[View]) -> bool:
    """Whether each view before differs in everything from each one after; the cheapest first."""
    gap = after[0].time - before[-1].time > GAP_S + ROUNDING_S
    pairs = [(one, other) for one in reversed(before) for other in after]
    return any(
        all(scene_change(one, other) > limit.scene for one, other in pairs)
        and all(face_change(one, other) > limit.face for one, other in pairs)
        and all(shape_change(one, other) > limit.shape for one, other in pairs)
        for limit in (CUTS[1:] if gap else CUTS)
    )


def _first_of(views: list[View], last: int, first: int) -> int:
    """Where the scene changes most between the last view before a cut and the first one after."""
    steps = [scene_change(views[i], views[i + 1]) for i in range(last, first)]
    return last + 1 + int(np.argmax(steps))


def scene_change(one: View, other: View) -> float:
    """Mean difference of grey levels, 0 to 1."""
    return float(np.abs(one.scene.astype(np.int16) - other.scene).mean()) / 255.0


def face_change(one: View, other: View) -> float:
    """1 − correlation of the pictures of the face: 0 alike, 1 unlike; light does not count."""
    if one.face is None or other.face is None:
        return float("nan")
    a, b = (view - view.mean() for view in (one.face, other.face))
    size = np.sqrt(np.square(a).sum() * np.square(b).sum())
    return 1.0 - float((a * b).sum() / size) if size > 0.0 else 0.0


def shape_change(one: View, other: View) -> float:
    """Root mean square distance of the landmarks, after the similarity transform that fits one to
    the other, in shares of their spread times three: about inter-ocular distances."""
    if one.points is None or other.points is None:
        return float("nan")
    target = other.points.astype(np.float64)
    spread = np.sqrt(np.square(target - target.mean(axis=0)).sum(axis=1).mean())
    placed = similarity.fit(_flat(one.points)[None], _flat(other.points), flat=True)
    off = placed.apply(_flat(one.points)[None])[0, :, :2] - target
    return float(np.sqrt(np.square(off).sum(axis=1).mean()) / spread)


def _flat(points: npt.NDArray[np.floating[Any]]) -> Array:
    return np.column_stack([points, np.zeros(len(points))]).astype(np.float64)


def frozen(views: list[View]) -> bool:
    """Whether a face is in every frame and nothing about it moves."""
    points = [view.points for view in views if view.points is not None]
    if len(points) < max(len(views), 2):
        return False
    every = np.stack(points)
    size = np.ptp(every[0], axis=0).max()
    steps, ways = (np.abs(off).mean(axis=(1, 2)) / size
                   for off in (np.diff(every, axis=0), every - every[0]))  # fmt: skip
    half, most = np.percentile(steps, [50.0, 75.0])
    return bool(half < STEP and most < STEPS and ways.max() < WAY)


def longest(cuts: list[int], times: Array) -> slice:
    """The frames of the longest piece; of equally long ones the first."""
    edges = [0, *cuts, len(times)]
    pieces = [slice(a, b) for a, b in pairwise(edges)]
    return max(pieces, key=lambda piece: times[piece.stop - 1] - times[piece.start])
