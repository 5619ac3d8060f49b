"""Batches: clips on a device, and the windows that are cut out of them and shown together."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from duchenne.nets.inputs import Pictures, Windows
from duchenne.training import windows
from duchenne.training.protocol import Numbers
from duchenne.training.windows import Array, Ruler


@dataclass(frozen=True)
class Store:
    """C clips whose F frames lie on a device one after another, and after them a frame of zeros;
    subclasses hold what is in them."""

    names: tuple[str, ...]
    labels: Tensor  # (C,) int64
    times: tuple[Array, ...]  # of each clip, s
    first: npt.NDArray[np.int64]  # (C,) number of each clip's first frame
    seen: tuple[npt.NDArray[np.bool_], ...]  # of each clip: which frames show a face

    @property
    def device(self) -> torch.device:
        return self.labels.device

    @property
    def nothing(self) -> int:
        """The number of the frame of zeros."""
        return int(self.first[-1]) + len(self.times[-1])


def first_frames(clips: Sequence[Any]) -> npt.NDArray[np.int64]:
    """The number of each clip's first frame where all lie one after another."""
    lengths = [len(clip.times) for clip in clips]
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)


Content = TypeVar("Content", Windows, Pictures)
Clips = TypeVar("Clips", bound=Store)


class Cut(NamedTuple):
    """Windows as numbers of frames, counted over all clips of a store."""

    clips: Tensor  # (B,)
    frames: Tensor  # (B, T)
    present: Tensor  # (B, T) bool
    stretch: Tensor  # (B,) float32, by how much each lasts longer


class Batch(NamedTuple, Generic[Content]):
    """Windows with the numbers (B,) of the clips they are cut from."""

    windows: Content
    clips: Tensor
    mirrored: Tensor  # (B,) bool
    points: Tensor | None = None  # (B, 68, 2) landmarks in the chips, NaN where not known


@dataclass(frozen=True)
class Cutter(ABC, Generic[Clips, Content]):
    """Cuts windows out of clips on a device; subclasses fill them."""

    clips: Clips
    ruler: Ruler

    @property
    @abstractmethod
    def stretch(self) -> float:
        """Up to how much slower or faster training windows are, as a fraction."""

    @abstractmethod
    def plain(self, cut: Cut) -> Batch[Content]:
        """Windows as they are."""

    @abstractmethod
    def changed(self, cut: Cut, rng: np.random.Generator) -> Batch[Content]:
        """Augmented windows."""

    def training(
        self, numbers: Numbers, *, size: int, rng: np.random.Generator
    ) -> Iterator[Batch[Content]]:
        """One random window of each clip, in random order; batches differ in size by at most 1."""
        order = rng.permutation(numbers)
        for part in np.array_split(order, ceil(len(order) / size)):
            factors = windows.stretches(self.stretch, rng, len(part))
            starts = []
            for number, stretch in zip(part, factors, strict=True):
                times, seen = self.clips.times[number], self.clips.seen[number]
                start = windows.draw(self.ruler, times, seen=seen, rng=rng, stretch=stretch)
                starts.append(start)
            yield self.changed(self._cut(part, starts, factors), rng)

    def testing(self, numbers: Numbers, *, count: int, size: int) -> Iterator[Batch[Content]]:
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
            numbers_of, starts = np.array([number for number, _ in part]), [s for _, s in part]
            yield self.plain(self._cut(numbers_of, starts, [1.0] * len(part)))

    def _cut(self, numbers: Numbers, starts: Sequence[float], stretch: Sequence[float]) -> Cut:
        clips, device = self.clips, self.clips.device
        frames, present = [], []
        for number, start, factor in zip(numbers, starts, stretch, strict=True):
            found, there = self.ruler.cut(clips.times[number], start, stretch=factor)
            shown, those = there & clips.seen[number][found], clips.first[number] + found
            if self.ruler.zeros:
                past = self.ruler.past(clips.times[number], start, stretch=factor)
                shown, those = shown | past, np.where(past, clips.nothing, those)
            frames.append(those)
            present.append(shown)
        return Cut(
            torch.from_numpy(np.asarray(numbers)).to(device),
            torch.from_numpy(np.array(frames)).to(device),
            torch.from_numpy(np.array(present)).to(device),
            torch.tensor(stretch, device=device),
        )


AnyBatch = Batch[Any]
AnyCutter = Cutter[Any, Any]
