"""Batches of face chips: pictures of a fold on one device, frame after frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from duchenne.face.topology import DLIB
from duchenne.nets.inputs import Pictures
from duchenne.training import chip_augment
from duchenne.training.batches import Batch, Cut, Cutter, Store, first_frames
from duchenne.training.chip_augment import Changed, ChipAugment
from duchenne.training.movement import STILL
from duchenne.training.windows import Array


class ChipClip(NamedTuple):
    """One clip as frame networks get it: T chips."""

    name: str
    label: int
    times: Array  # (T,) s, increasing
    seen: npt.NDArray[np.bool_]  # (T,)
    chips: npt.NDArray[np.uint8]  # (T, H, W, C), zeros where not seen
    points: npt.NDArray[np.float32]  # (T, 68, 2) landmarks, 0 to 1 in the chip; NaN: not known


@dataclass(frozen=True)
class ChipStore(Store):
    """Chips. Those of frames without a face hold zeros and are not `present`."""

    chips: Tensor  # (F + 1, H, W, C) uint8
    points: Tensor  # (F + 1, 68, 2) float32, NaN in the frame of zeros


def store_chips(clips: Sequence[ChipClip], *, device: torch.device) -> ChipStore:
    first = first_frames(clips)
    nothing = np.zeros((1, *clips[0].chips.shape[1:]), np.uint8)
    nowhere = np.full((1, *clips[0].points.shape[1:]), np.nan, np.float32)
    return ChipStore(
        names=tuple(clip.name for clip in clips),
        labels=torch.tensor([clip.label for clip in clips], device=device),
        times=tuple(clip.times for clip in clips),
        first=first,
        seen=tuple(clip.seen for clip in clips),
        chips=torch.from_numpy(np.concatenate([*(clip.chips for clip in clips), nothing])).to(
            device
        ),
        points=torch.from_numpy(np.concatenate([*(clip.points for clip in clips), nowhere])).to(
            device
        ),
    )


@dataclass(frozen=True)
class ChipCutter(Cutter[ChipStore, Pictures]):
    """Cuts windows out of chips."""

    augment: ChipAugment
    longer: float = 0.0  # up to by how much windows are stretched, as a fraction
    velocities: bool = False  # whether chips show velocities, which grow as time is stretched

    @property
    def stretch(self) -> float:
        return self.longer

    def plain(self, cut: Cut) -> Batch[Pictures]:
        straight = torch.zeros_like(cut.clips, dtype=torch.bool)
        points = mean_points(self.clips.points[cut.frames], cut.present)
        pictures = Pictures(self.clips.chips[cut.frames], cut.present)
        return Batch(pictures, cut.clips, straight, points)

    def changed(self, cut: Cut, rng: np.random.Generator) -> Batch[Pictures]:
        device = self.clips.device
        chips = self.clips.chips[cut.frames]
        if self.velocities and self.longer:
            chips = faster(chips, cut.stretch, cut.present)
        present = cut.present.cpu().numpy()
        new = chip_augment.change(self.augment, chips.cpu().numpy(), present, rng=rng)
        points = mean_points(self.clips.points[cut.frames], cut.present).cpu().numpy()
        return Batch(
            Pictures(torch.from_numpy(new.chips).to(device), cut.present),
            cut.clips,
            torch.from_numpy(new.mirrored).to(device),
            torch.from_numpy(_followed(points, new)).to(device),
        )


def _followed(points: npt.NDArray[np.float32], new: Changed) -> npt.NDArray[np.float32]:
    """Landmarks (B, 68, 2) of changed chips; in a mirror the right eye's become the left one's."""
    moved = chip_augment.moved(points.astype(np.float64), new.affine)
    swapped = moved[:, list(DLIB.mirror)]
    return np.where(new.mirrored[:, None, None], swapped, moved).astype(np.float32)


def mean_points(points: Tensor, present: Tensor) -> Tensor:
    """(B, T, 68, 2) → (B, 68, 2): the mean of the frames that have landmarks; NaN if none has."""
    return torch.where(present[:, :, None, None], points, torch.nan).nanmean(dim=1)


def faster(chips: Tensor, stretch: Tensor, present: Tensor) -> Tensor:
    """Pictures of velocity (B, T, H, W, C) of windows that last `stretch` (B,) times as long; zeros
    where not `present` (B, T)."""
    wide = stretch.to(torch.float32)[:, None, None, None, None]
    levels = ((chips.float() - STILL) * wide + STILL).round_().clamp_(0.0, 255.0)
    return (levels * present[:, :, None, None, None]).to(torch.uint8)
