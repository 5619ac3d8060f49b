"""Batches of landmarks, with the D-Markers that a fusion takes.

All landmarks of a fold lie on one device, frame after frame; a window is a list of frame numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from duchenne.nets.inputs import Windows
from duchenne.nets.neighbours import nearest
from duchenne.training.batches import Batch, Cut, Cutter, Store, first_frames
from duchenne.training.landmark_augment import Augment, change
from duchenne.training.windows import Array


class Clip(NamedTuple):
    """One clip as training gets it: T frames of N normalised landmarks."""

    name: str
    label: int
    times: Array  # (T,) s, increasing
    xyz: npt.NDArray[np.float32]  # (T, N, 3), NaN where there is no face
    markers: Array  # (225,) D-Markers, NaN where there is no value


@dataclass(frozen=True)
class LandmarkStore(Store):
    """Landmarks. Frames without a face hold zeros and are not `present`."""

    xyz: Tensor  # (F + 1, N, 3) float32
    neighbours: Tensor  # (F + 1, N, K) int16, K = 0 where the encoder needs none


def store_landmarks(
    clips: Sequence[Clip],
    inputs: Sequence[npt.NDArray[np.float32]],
    *,
    neighbours: int,
    device: torch.device,
) -> LandmarkStore:
    """Put clips on a device. `inputs` (T, N, 3) are what the network gets of each; `neighbours` of
    each landmark, itself included, are searched once, in the clips' own landmarks."""
    nothing = np.zeros((1, *clips[0].xyz.shape[1:]), np.float32)
    known = np.concatenate([np.isfinite(clip.xyz).all(axis=(1, 2)) for clip in clips])
    every = np.concatenate([*(clip.xyz for clip in clips), nothing])
    shape = _without_gaps(every, known).to(device)
    first = first_frames(clips)
    return LandmarkStore(
        names=tuple(clip.name for clip in clips),
        labels=torch.tensor([clip.label for clip in clips], device=device),
        times=tuple(clip.times for clip in clips),
        first=first,
        seen=tuple(np.split(known, first[1:])),
        xyz=_without_gaps(np.concatenate([*inputs, nothing]), known).to(device),
        neighbours=_neighbours(shape, neighbours),
    )


def _without_gaps(every: npt.NDArray[np.float32], known: npt.NDArray[np.bool_]) -> Tensor:
    there = np.append(known, True)[:, None, None]  # the frame of zeros at the end
    return torch.from_numpy(np.where(there, every, 0.0).astype(np.float32))


def _neighbours(xyz: Tensor, count: int) -> Tensor:
    if count == 0:
        return torch.zeros((*xyz.shape[:2], 0), dtype=torch.int16, device=xyz.device)
    return nearest(xyz, count).to(torch.int16)


def markers(clips: Sequence[Clip]) -> npt.NDArray[Any]:
    """D-Markers (C, 225) of all clips."""
    return np.array([clip.markers for clip in clips])


@dataclass(frozen=True)
class Table:
    """The D-Markers that a fusion takes of each clip, (C, M), plain and of the clip in a mirror. M
    is 0 where the fusion takes none."""

    plain: Tensor
    mirrored: Tensor

    def of(self, clips: Tensor, mirrored: Tensor) -> Tensor:
        return torch.where(mirrored[:, None], self.mirrored[clips], self.plain[clips])


@dataclass(frozen=True)
class LandmarkCutter(Cutter[LandmarkStore, Windows]):
    """Cuts windows out of landmarks."""

    markers: Table
    mirror: Tensor  # (N,) which landmark each becomes in a mirror
    augment: Augment
    velocities: bool = False  # whether clips show velocities, which grow as time is stretched

    @property
    def stretch(self) -> float:
        return self.augment.stretch

    def plain(self, cut: Cut) -> Batch[Windows]:
        straight = torch.zeros_like(cut.clips, dtype=torch.bool)
        windows = Windows(
            self.clips.xyz[cut.frames],
            self.clips.neighbours[cut.frames].long(),
            cut.present,
            self.markers.of(cut.clips, straight),
        )
        return Batch(windows, cut.clips, straight)

    def changed(self, cut: Cut, rng: np.random.Generator) -> Batch[Windows]:
        xyz = self.clips.xyz[cut.frames]
        if self.velocities:
            xyz = xyz * cut.stretch[:, None, None, None]
        neighbours = self.clips.neighbours[cut.frames].long()
        faces = change(self.augment, xyz, neighbours, mirror=self.mirror, rng=rng)
        markers = self.markers.of(cut.clips, faces.mirrored)
        windows = Windows(faces.xyz, faces.neighbours, cut.present, markers)
        return Batch(windows, cut.clips, faces.mirrored)
