"""Point tubes: anchors in some frames of a window and their neighbours in the frames around (Fan et
al. 2021, "PSTNet").

Both point-cloud video networks use them. Neighbours are the k nearest; the published ones are the
first listed within a radius. With the nearest, the order of the points does not matter, and 68
landmarks need the same settings as 478.
"""

from typing import NamedTuple

import torch
from torch import Tensor


@torch.no_grad()
def farthest(xyz: Tensor, count: int) -> Tensor:
    """Farthest point sampling: (F, N, 3) → (F, count) int64, starting from point 0.

    No point is taken twice; of equally far points the first is taken.
    """
    points = xyz.shape[1]
    if not 1 <= count <= points:
        raise ValueError(f"count is {count}; of {points} points, 1 to {points} can be taken")
    axes = xyz.movedim(-1, 0).contiguous()  # (3, F, N)
    square = torch.full_like(axes[0], torch.inf)  # distance² to the nearest taken; -1: taken
    taken = [torch.zeros((len(xyz), 1), dtype=torch.int64, device=xyz.device)]
    while len(taken) < count:
        away = torch.zeros_like(square)
        for axis in axes:
            away += (axis - axis.gather(1, taken[-1])).square_()
        square = torch.minimum(square, away).scatter_(1, taken[-1], -1.0)
        taken.append(square.argmax(1, keepdim=True))
    return torch.cat(taken, 1)


class Span(NamedTuple):
    """The extent of tubes and their spacing in space and time."""

    anchors: int  # A per anchor frame; at most all points
    neighbours: int  # K per anchor in each frame of its tube; at most all points
    radius: int  # frames before and after the anchor's own: a tube has L = 2 radius + 1
    stride: int  # frames from one anchor frame to the next


class Tubes(NamedTuple):
    """Anchors and neighbours of B windows; finite but arbitrary where a frame is absent."""

    centres: Tensor  # (B, G, A, 3) positions of the anchors
    frame: Tensor  # (B, G) int64, index of the anchor frame in the window
    present: Tensor  # (B, G) bool; False: none of its `stride` frames is present
    source: Tensor  # (B, G, L) int64, frames of the tube; arbitrary where not `seen`
    seen: Tensor  # (B, G, L) bool, whether these frames exist and are present
    near: Tensor  # (B, G, L, A, K) int64, neighbours of the anchor in the source frame
    way: Tensor  # (B, G, L, A, K, 3) displacement from anchor to neighbour


def check(span: Span) -> Span:
    """Return the span if its values are possible."""
    for name, least in (("anchors", 1), ("neighbours", 1), ("radius", 0), ("stride", 1)):
        value = getattr(span, name)
        if value < least:
            raise ValueError(f"{name} is {value}; it must be at least {least}")
    return span


def tubes(xyz: Tensor, present: Tensor, span: Span) -> Tubes:
    """Tubes of the points (B, T, N, 3) of frames that are `present` (B, T).

    Differentiable in the points, not in the choice of anchors and neighbours.
    """
    xyz = xyz.masked_fill(~present[..., None, None], 0.0)
    frame, some = anchor_frames(present, span.stride)
    source, seen = _through(frame, some, present, span.radius)
    points = frames_of(xyz, source)  # (B, G, L, N, 3)
    centres = _anchors(frames_of(xyz, frame), span.anchors)
    near = _nearest(points, centres, span.neighbours)
    way = _rows_of(points, near) - centres[:, :, None, :, None]
    return Tubes(centres, frame, some, source, seen, near, way)


def anchor_frames(present: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """The first present frame of every `stride` frames, (B, G), and whether there is one.

    Groups are counted from the start of the window, so that absent frames at its end add only
    absent anchor frames.
    """
    frames = present.shape[1]
    groups = -(-frames // stride)
    filled = present.new_zeros((len(present), groups * stride))
    filled[:, :frames] = present
    group = filled.view(len(present), groups, stride)
    start = torch.arange(groups, device=present.device) * stride
    return start + group.int().argmax(-1), group.any(-1)


def frames_of(values: Tensor, frame: Tensor) -> Tensor:
    """(B, T, …) at frames (B, …) → (B, …, …)."""
    batch, frames = values.shape[:2]
    first = torch.arange(batch, device=frame.device) * frames
    flat = frame.flatten(1) + first[:, None]
    picked = values.flatten(0, 1).index_select(0, flat.flatten())
    return picked.view(*frame.shape, *values.shape[2:])


def _through(frame: Tensor, some: Tensor, present: Tensor, radius: int) -> tuple[Tensor, Tensor]:
    """The frames around each anchor frame, (B, G, L), and which of them exist and are present."""
    frames = present.shape[1]
    source = frame[..., None] + torch.arange(-radius, radius + 1, device=frame.device)
    inside = (source >= 0) & (source < frames)
    source = source.clamp(0, frames - 1)
    there = present.gather(1, source.flatten(1)).view(source.shape)
    return source, inside & there & some[..., None]


def _anchors(points: Tensor, count: int) -> Tensor:
    """(B, G, N, 3) → (B, G, A, 3) by farthest point sampling."""
    flat = points.flatten(0, 1)
    taken = farthest(flat, min(count, flat.shape[1]))
    return flat.gather(1, taken[..., None].expand(-1, -1, 3)).view(*points.shape[:2], -1, 3)


@torch.no_grad()
def _nearest(points: Tensor, centres: Tensor, count: int) -> Tensor:
    """K nearest points of anchors, unordered: (B, G, L, N, 3), (B, G, A, 3) → (B, G, L, A, K).

    Distances are computed from differences: torch's default for many rows, a matrix product, loses
    small ones to cancellation.
    """
    apart = torch.cdist(
        centres[:, :, None], points, compute_mode="donot_use_mm_for_euclid_dist"
    )  # (B, G, L, A, N)
    return apart.topk(min(count, points.shape[-2]), largest=False, sorted=False).indices


def _rows_of(points: Tensor, index: Tensor) -> Tensor:
    """(…, N, 3) at (…, A, K) → (…, A, K, 3)."""
    flat = index.flatten(-2)[..., None].expand(*index.shape[:-2], -1, 3)
    return points.gather(-2, flat).view(*index.shape, 3)
