"""Batches of landmarks, with what else goes into a fusion."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from duchenne.nets.inputs import Windows
from duchenne.training.augment import Augment, change
from duchenne.training.batches import Batch, Cut, Cutter
from duchenne.training.clips import Resident


@dataclass(frozen=True)
class Table:
    """What goes with a clip's landmarks into a fusion, (C, M): D-Markers, and those of the clip in
    a mirror. M is 0 where the fusion takes none."""

    plain: Tensor
    mirrored: Tensor

    def of(self, clips: Tensor, mirrored: Tensor) -> Tensor:
        return torch.where(mirrored[:, None], self.mirrored[clips], self.plain[clips])


@dataclass(frozen=True)
class LandmarkCutter(Cutter[Resident, Windows]):
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
