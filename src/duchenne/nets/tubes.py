"""Point tubes: anchors in some frames of a window, and what is near them there and just before and
after (Fan et al. 2021, "PSTNet").

Both point-cloud video networks are made of them. Neighbours are the k nearest; published were those
within a radius, and of many the first listed. So nothing depends on the order in which points are
listed, and 68 landmarks need no other setting than 478.
"""

from typing import NamedTuple

import torch
from torch import Tensor


@torch.no_grad()
def farthest(xyz: Tensor, count: int) -> Tensor:
    """(F, N, 3) → (F, count) int64: point 0, then always the point farthest from those taken.

    No point is taken twice, and of equally far ones the first is. So the order of all points but
    the first matters only where two are equally far.
    """
    points = xyz.shape[1]
    if not 1 <= count <= points:
        raise ValueError(f"count is {count}; of {points} points, 1 to {points} can be taken")
    axes = xyz.movedim(-1, 0).contiguous()  # (3, F, N)
    square = torch.full_like(axes[0], torch.inf)  # to the nearest one taken; -1: taken itself
    taken = [torch.zeros((len(xyz), 1), dtype=torch.int64, device=xyz.device)]
    while len(taken) < count:
        away = torch.zeros_like(square)
        for axis in axes:
            away += (axis - axis.gather(1, taken[-1])).square_()
        square = torch.minimum(square, away).scatter_(1, taken[-1], -1.0)
        taken.append(square.argmax(1, keepdim=True))
    return torch.cat(taken, 1)


class Span(NamedTuple):
    """How far tubes reach and how densely they stand."""

    anchors: int  # A of an anchor frame; all points where there are fewer
    neighbours: int  # K of an anchor in each frame of its tube; all points where there are fewer
    radius: int  # frames before and as many after the anchor's own; a tube has L = 2 radius + 1
    stride: int  # one anchor frame in so many


class Tubes(NamedTuple):
    """Finite and meaningless where a frame is absent, whatever the window held there."""

    centres: Tensor  # (B, G, A, 3) where the anchors are
    frame: Tensor  # (B, G) the number of the anchors' frame in the window
    present: Tensor  # (B, G) False: none of the frames that this one would stand for is present
    source: Tensor  # (B, G, L) the frames that tubes go through, some number where there is none
    seen: Tensor  # (B, G, L) whether they are there and present
    near: Tensor  # (B, G, L, A, K) which points of the source frame are near the anchor
    way: Tensor  # (B, G, L, A, K, 3) from the anchor to them


def check(span: Span) -> Span:
    """The same, unless no tube can be like that."""
    for name, least in (("anchors", 1), ("neighbours", 1), ("radius", 0), ("stride", 1)):
        value = getattr(span, name)
        if value < least:
            raise ValueError(f"{name} is {value}; it must be at least {least}")
    return span


def tubes(xyz: Tensor, present: Tensor, span: Span) -> Tubes:
    """Of the points (B, T, N, 3) of frames that are `present` (B, T).

    Gradients reach the points, but not through the choice of anchors and neighbours.
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

    Counted from the start of the window, so absent frames at its end add only anchor frames that
    are absent, too; and where the frame that would be in turn is absent, the next one stands in.
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
    """The frames around each anchor frame, (B, G, L), and which of them are to be seen."""
    frames = present.shape[1]
    source = frame[..., None] + torch.arange(-radius, radius + 1, device=frame.device)
    inside = (source >= 0) & (source < frames)
    source = source.clamp(0, frames - 1)
    there = present.gather(1, source.flatten(1)).view(source.shape)
    return source, inside & there & some[..., None]


def _anchors(points: Tensor, count: int) -> Tensor:
    """(B, G, N, 3) → (B, G, A, 3), far from each other."""
    flat = points.flatten(0, 1)
    taken = farthest(flat, min(count, flat.shape[1]))
    return flat.gather(1, taken[..., None].expand(-1, -1, 3)).view(*points.shape[:2], -1, 3)


@torch.no_grad()
def _nearest(points: Tensor, centres: Tensor, count: int) -> Tensor:
    """(B, G, L, N, 3), (B, G, A, 3) → (B, G, L, A, K), in no order.

    Distances are those of differences: by products, as they are made by default, small ones would
    be lost.
    """
    apart = torch.cdist(
        centres[:, :, None], points, compute_mode="donot_use_mm_for_euclid_dist"
    )  # (B, G, L, A, N)
    return apart.topk(min(count, points.shape[-2]), largest=False, sorted=False).indices


def _rows_of(points: Tensor, index: Tensor) -> Tensor:
    """(…, N, 3) at (…, A, K) → (…, A, K, 3)."""
    flat = index.flatten(-2)[..., None].expand(*index.shape[:-2], -1, 3)
    return points.gather(-2, flat).view(*index.shape, 3)
