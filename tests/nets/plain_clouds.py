"""The two convolutions over point-cloud videos as their formulas stand: loops over single points.

One window at a time, all of it in double precision: points (T, N, 3), present (T,).
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from duchenne.nets.tubes import Span


class Neighbour(NamedTuple):
    step: int  # frames after the anchor's own; negative: before it
    frame: int
    point: int
    way: Tensor  # (3,) from the anchor


class Piece(NamedTuple):
    group: int
    anchor: int
    frame: int
    centre: Tensor  # (3,)
    neighbours: list[Neighbour]


def pieces(xyz: Tensor, present: Tensor, span: Span) -> Iterator[Piece]:
    """Every tube around every anchor in every frame that is one of anchors."""
    seen = [t for t in range(len(xyz)) if present[t]]
    for group in range(-(-len(xyz) // span.stride)):
        frame = next((t for t in seen if t // span.stride == group), None)
        if frame is None:
            continue
        for anchor, centre in enumerate(far_apart(xyz[frame], span.anchors)):
            found = [
                Neighbour(other - frame, other, point, xyz[other, point] - centre)
                for other in seen
                if abs(other - frame) <= span.radius
                for point in closest(xyz[other], centre, span.neighbours)
            ]
            yield Piece(group, anchor, frame, centre, found)


def far_apart(points: Tensor, count: int) -> list[Tensor]:
    taken = [0]
    while len(taken) < min(count, len(points)):
        others = [i for i in range(len(points)) if i not in taken]
        taken.append(max(others, key=lambda i: min(distance(points[i], points[j]) for j in taken)))
    return [points[i] for i in taken]


def closest(points: Tensor, centre: Tensor, count: int) -> list[int]:
    return sorted(range(len(points)), key=lambda i: distance(points[i], centre))[:count]


def distance(a: Tensor, b: Tensor) -> float:
    return float((a - b).square().sum())


def pst_convolution(
    weights: dict[str, Tensor], xyz: Tensor, features: Tensor, present: Tensor, span: Span
) -> dict[tuple[int, int], Tensor]:
    """By group of frames and anchor; where `features` (T, N, C) are none, C = 0, ways alone."""
    length = 2 * span.radius + 1
    by_step = weights["time.weight"].chunk(length, dim=1)
    found = {}
    for piece in pieces(xyz, present, span):
        total = torch.zeros(len(by_step[0]), dtype=xyz.dtype)
        for step in {neighbour.step for neighbour in piece.neighbours}:
            space = weights["level"][step + span.radius].clone()
            for neighbour in piece.neighbours:
                if neighbour.step == step:
                    mapped = weights["displacement.weight"] @ neighbour.way
                    if features.shape[-1]:
                        known = features[neighbour.frame, neighbour.point]
                        mapped = mapped * (weights["feature.weight"] @ known)
                    space += mapped
            centred = space - space.mean()
            normal = centred / (centred.square().mean() + 1e-5).sqrt()
            normal = normal * weights["norm.weight"] + weights["norm.bias"]
            total += by_step[step + span.radius] @ normal.clamp(min=0.0)
        found[piece.group, piece.anchor] = total.clamp(min=0.0)
    return found


def point_4d_convolution(
    weight: Tensor, xyz: Tensor, present: Tensor, span: Span, *, unit: float
) -> dict[tuple[int, int], Tensor]:
    """By group of frames and anchor; a frame is `unit` long."""
    found = {}
    for piece in pieces(xyz, present, span):
        mapped = [
            weight[:, :3] @ neighbour.way + weight[:, 3] * (unit * neighbour.step)
            for neighbour in piece.neighbours
        ]
        found[piece.group, piece.anchor] = torch.stack(mapped).amax(0)
    return found
