"""All landmarks of a fold on one device, frame after frame; a window is a list of frame numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from duchenne.nets.neighbours import nearest

Array = npt.NDArray[np.float64]


class Clip(NamedTuple):
    """One clip as training gets it: T frames of N normalised landmarks."""

    name: str
    label: int
    times: Array  # (T,) s, increasing
    xyz: npt.NDArray[np.float32]  # (T, N, 3), NaN where there is no face
    markers: Array  # (225,) D-Markers, NaN where there is no value


@dataclass(frozen=True)
class Store:
    """C clips whose F frames lie on a device one after another; what is in them, subclasses say."""

    names: tuple[str, ...]
    labels: Tensor  # (C,) int64
    times: tuple[Array, ...]  # of each clip, s
    first: npt.NDArray[np.int64]  # (C,) number of each clip's first frame
    seen: tuple[npt.NDArray[np.bool_], ...]  # of each clip: which frames show a face

    @property
    def device(self) -> torch.device:
        return self.labels.device


@dataclass(frozen=True)
class Resident(Store):
    """Landmarks. Frames without a face hold zeros and are not `present`."""

    xyz: Tensor  # (F, N, 3) float32
    neighbours: Tensor  # (F, N, K) int16, K = 0 where the encoder needs none


def resident(
    clips: Sequence[Clip],
    inputs: Sequence[npt.NDArray[np.float32]],
    *,
    neighbours: int,
    device: torch.device,
) -> Resident:
    """Put clips on a device. `inputs` (T, N, 3) are what the network gets of each; `neighbours` of
    each landmark, itself included, are searched once, in the clips' own landmarks."""
    known = np.concatenate([np.isfinite(clip.xyz).all(axis=(1, 2)) for clip in clips])
    every = np.concatenate([clip.xyz for clip in clips])
    shape = _without_gaps(every, known).to(device)
    first = first_frames(clips)
    return Resident(
        names=tuple(clip.name for clip in clips),
        labels=torch.tensor([clip.label for clip in clips], device=device),
        times=tuple(clip.times for clip in clips),
        first=first,
        seen=tuple(np.split(known, first[1:])),
        xyz=_without_gaps(np.concatenate(inputs), known).to(device),
        neighbours=_neighbours(shape, neighbours),
    )


def first_frames(clips: Sequence[Any]) -> npt.NDArray[np.int64]:
    """The number of each clip's first frame where all lie one after another."""
    lengths = [len(clip.times) for clip in clips]
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)


def _without_gaps(every: npt.NDArray[np.float32], known: npt.NDArray[np.bool_]) -> Tensor:
    return torch.from_numpy(np.where(known[:, None, None], every, 0.0).astype(np.float32))


def _neighbours(xyz: Tensor, count: int) -> Tensor:
    if count == 0:
        return torch.zeros((*xyz.shape[:2], 0), dtype=torch.int16, device=xyz.device)
    return nearest(xyz, count).to(torch.int16)


def markers(clips: Sequence[Clip]) -> npt.NDArray[Any]:
    """D-Markers (C, 225) of all clips."""
    return np.array([clip.markers for clip in clips])
