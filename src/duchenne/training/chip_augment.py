"""Augmentation of face chips by vidaug, in training only.

Each window is changed as a whole, since a smile is what differs between its frames. The amounts are
drawn here and applied by vidaug; the caller gets what landmarks and D-Markers must follow.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Chips = npt.NDArray[np.uint8]  # (B, T, H, W, C)
Present = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ChipAugment:
    """How much; 0 everywhere changes nothing, whatever `still` is."""

    mirror: float = 0.0  # how often right and left are swapped, 0 to 1
    rotate: float = 0.0  # standard deviation of a turn, degrees
    crop: float = 0.0  # up to which share of the side is cut away, below 1
    brightness: float = 0.0  # up to how much darker or brighter, as a fraction, at most 1
    # How often time is bent: frames move by up to 9 % of the window, and a face becomes up to three
    # times slower or twice as fast for a while. Just that tells smiles apart: try it with care.
    warp: float = 0.0
    still: float = 0.0  # the level that no light changes: black, or grey in pictures of movement


class Changed(NamedTuple):
    chips: Chips  # (B, T, H, W, C), as before where absent
    mirrored: Present  # (B,)
    affine: Numbers  # (B, 2, 3), from x, y, 1 in shares of the sides to where that point is now


class _Look(NamedTuple):
    """What is done to one window."""

    mirror: bool
    degrees: float
    share: float
    gain: float
    warp: bool


def change(
    how: ChipAugment, chips: Chips, present: Present, *, rng: np.random.Generator
) -> Changed:
    """Windows as `how` changes them; frames that are not `present` (B, T) are left alone, and time
    is bent among the others."""
    count = len(chips)
    affine = np.tile(np.eye(2, 3), (count, 1, 1))
    if how == ChipAugment(still=how.still):
        return Changed(chips, np.zeros(count, dtype=bool), affine)
    looks, changed = _draw(how, count, rng), chips.copy()
    for window, (look, seen) in enumerate(zip(looks, present, strict=True)):
        changed[window, seen], affine[window] = _window(
            chips[window, seen], look, rng, still=how.still
        )
    return Changed(changed, np.array([look.mirror for look in looks], dtype=bool), affine)


def moved(points: Numbers, affine: Numbers) -> Numbers:
    """Where points (B, N, 2) of a chip are once it is changed; in a mirror the right eye's are then
    where a left eye is, and keep their numbers."""
    linear, shift = affine[:, :, :2], affine[:, None, :, 2]
    return np.asarray(points @ linear.swapaxes(1, 2) + shift)


def _draw(how: ChipAugment, count: int, rng: np.random.Generator) -> list[_Look]:
    """All are drawn whatever is wanted, so that none depends on whether another is on."""
    mirror = rng.random(count) < how.mirror
    degrees = how.rotate * rng.standard_normal(count)
    share = how.crop * rng.random(count)
    gain = 1.0 + how.brightness * rng.uniform(-1.0, 1.0, count)
    warp = rng.random(count) < how.warp
    columns = (mirror, degrees, share, gain, warp)
    return [_Look(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _window(
    chips: Chips, look: _Look, rng: np.random.Generator, *, still: float
) -> tuple[Chips, Numbers]:
    """The present frames (P, H, W, C) of one window changed, with its affine map (2, 3)."""
    from duchenne.training import chip_transforms as by

    _, height, width, _ = chips.shape
    if look.warp:
        chips = chips[by.warped(len(chips), rng=rng)]
    steps = (
        (look.mirror, by.mirror),
        (look.degrees, partial(by.turn, degrees=look.degrees, rng=rng)),
        (look.share, partial(by.crop, share=look.share, rng=rng)),
        (look.gain != 1.0, partial(by.light, gain=look.gain, still=still)),
    )
    frames, matrix = list(chips), np.eye(3)
    for wanted, step in steps:
        if wanted:
            frames, move = step(frames)
            matrix = move @ matrix
    px = np.diag([width, height, 1.0])
    return np.stack(frames), (np.linalg.inv(px) @ matrix @ px)[:2]
