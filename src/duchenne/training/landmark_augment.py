"""Augmentation of landmarks, in training only.

Random numbers are drawn on the CPU from one generator, so that a GPU gets the same.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from duchenne.nets.neighbours import mirrored


@dataclass(frozen=True)
class Augment:
    """How much; 0 everywhere is as published. Units as in params.yaml."""

    mirror: float = 0.0
    rotate: float = 0.0
    scale: float = 0.0
    stretch: float = 0.0
    noise: float = 0.0


class Faces(NamedTuple):
    """Landmarks of a batch and their neighbours, with which windows have been mirrored."""

    xyz: Tensor  # (B, T, N, 3)
    neighbours: Tensor  # (B, T, N, K)
    mirrored: Tensor  # (B,) bool


def change(
    how: Augment, xyz: Tensor, neighbours: Tensor, *, mirror: Tensor, rng: np.random.Generator
) -> Faces:
    """Augmented faces; `mirror` (N,) says which landmark each becomes in a mirror.

    Each window is turned, zoomed and mirrored as a whole. Neighbours are permuted, not searched
    again: they stay those of the face without noise.
    """
    windows = len(xyz)
    swap = torch.from_numpy(rng.random(windows) < how.mirror).to(xyz.device)
    if how.mirror:
        flip = torch.tensor([-1.0, 1.0, 1.0], device=xyz.device)
        swapped = swap[:, None, None, None]
        other = mirrored(neighbours.flatten(0, 1), mirror).view(neighbours.shape)
        xyz = torch.where(swapped, xyz[:, :, mirror] * flip, xyz)
        neighbours = torch.where(swapped, other, neighbours)
    if how.rotate or how.scale:
        xyz = xyz @ _transforms(how, rng, windows).to(xyz)
    if how.noise:
        shape = tuple(xyz.shape)
        noise = rng.standard_normal(shape, dtype=np.float32) * np.float32(how.noise)
        xyz = xyz + torch.from_numpy(noise).to(xyz)
    return Faces(xyz, neighbours, swap)


def _transforms(how: Augment, rng: np.random.Generator, count: int) -> Tensor:
    """A small turn about each axis and a zoom for each window, (B, 1, 3, 3)."""
    angles = np.radians(how.rotate) * rng.standard_normal((count, 3))
    zooms = np.exp(how.scale * rng.standard_normal(count))
    matrices = [zoom * _turn(*angle) for zoom, angle in zip(zooms, angles, strict=True)]
    return torch.from_numpy(np.array(matrices))[:, None]


def _turn(x: float, y: float, z: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    about = np.eye(3)
    for first, second, angle in ((1, 2, x), (2, 0, y), (0, 1, z)):
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second], turn[second, first] = np.sin(angle), -np.sin(angle)
        about = about @ turn
    return about
