"""Batches: which windows a network sees together, put together on the clips' own device."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from duchenne.nets.inputs import Windows
from duchenne.training import windows
from duchenne.training.augment import Augment, change, stretches
from duchenne.training.clips import Resident
from duchenne.training.windows import Ruler

Numbers = npt.NDArray[np.int64]


class Batch(NamedTuple):
    """Windows with the numbers (B,) of the clips they are cut from."""

    windows: Windows
    clips: Tensor
    mirrored: Tensor  # (B,) bool


@dataclass(frozen=True)
class Table:
    """What goes with a clip's landmarks into a fusion, (C, M): D-Markers, and those of the clip in
    a mirror. M is 0 where the fusion takes none."""

    plain: Tensor
    mirrored: Tensor

    def of(self, clips: Tensor, mirrored: Tensor) -> Tensor:
        return torch.where(mirrored[:, None], self.mirrored[clips], self.plain[clips])


@dataclass(frozen=True)
class Cutter:
    """Cuts windows out of resident clips."""

    clips: Resident
    ruler: Ruler
    markers: Table
    mirror: Tensor  # (N,) which landmark each becomes in a mirror
    velocities: bool = False  # whether clips show velocities, which grow as time is stretched

    def training(
        self, numbers: Numbers, *, size: int, augment: Augment, rng: np.random.Generator
    ) -> Iterator[Batch]:
        """One random window of each clip, in random order; batches differ in size by at most 1."""
        order = rng.permutation(numbers)
        for part in np.array_split(order, ceil(len(order) / size)):
            starts, factors = [], stretches(augment, rng, len(part))
            for number, stretch in zip(part, factors, strict=True):
                times, seen = self.clips.times[number], self.clips.seen[number]
                start = windows.draw(self.ruler, times, seen=seen, rng=rng, stretch=stretch)
                starts.append(start)
            plain = self._cut(part, starts, factors)
            xyz, neighbours, _, _ = plain.windows
            if self.velocities:
                xyz = xyz * torch.tensor(factors).to(xyz)[:, None, None, None]
            faces = change(augment, xyz, neighbours, mirror=self.mirror, rng=rng)
            yield Batch(
                Windows(
                    faces.xyz,
                    faces.neighbours,
                    plain.windows.present,
                    self.markers.of(plain.clips, faces.mirrored),
                ),
                plain.clips,
                faces.mirrored,
            )

    def testing(self, numbers: Numbers, *, count: int, size: int) -> Iterator[Batch]:
        """Evenly spaced windows of each clip, `size` of them at a time."""
        plan = [
            (number, start)
            for number in numbers
            for start in windows.spread(
                self.ruler,
                self.clips.times[number],
                seen=self.clips.seen[number],
                count=count,
            )
        ]
        for first in range(0, len(plan), size):
            part = plan[first : first + size]
            yield self._cut(np.array([number for number, _ in part]), [start for _, start in part])

    def _cut(
        self, numbers: Numbers, starts: Sequence[float], stretch: Sequence[float] | None = None
    ) -> Batch:
        clips, device = self.clips, self.clips.device
        factors = stretch or [1.0] * len(starts)
        frames, present = [], []
        for number, start, factor in zip(numbers, starts, factors, strict=True):
            found, there = self.ruler.cut(clips.times[number], start, stretch=factor)
            frames.append(clips.first[number] + found)
            present.append(there & clips.seen[number][found])
        index = torch.from_numpy(np.array(frames)).to(device)
        which = torch.from_numpy(np.asarray(numbers)).to(device)
        straight = torch.zeros(len(which), dtype=torch.bool, device=device)
        cut = Windows(
            clips.xyz[index],
            clips.neighbours[index].long(),
            torch.from_numpy(np.array(present)).to(device),
            self.markers.of(which, straight),
        )
        return Batch(cut, which, straight)
