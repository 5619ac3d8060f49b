"""The inputs of frame models: the face chips of the clips of a fold."""

from collections.abc import Sequence

import numpy as np
import torch

from duchenne.config.training import Training, Window
from duchenne.errors import TrainingError, listed
from duchenne.nets.scn import mean_points
from duchenne.training import chip_batches, movement
from duchenne.training.chip_augment import ChipAugment
from duchenne.training.chip_batches import ChipClip, ChipCutter, store_chips
from duchenne.training.movement import Values
from duchenne.training.prepare import Inputs
from duchenne.training.protocol import Numbers, Split
from duchenne.training.windows import ruler_of


def prepare_chips(
    of: Split, clips: Sequence[ChipClip], settings: Training, *, device: torch.device
) -> Inputs:
    """Put the clips on a device as the model sees them, scaled by those that it learns from."""
    faceless = [clip.name for clip in clips if not clip.seen.any()]
    if faceless:
        raise TrainingError(f"no face in any frame of {listed(faceless)}; crops should say so")
    how, (seen, scale) = settings.augment, _pictures(clips, of.learns, settings.window)
    still = 0.0 if scale is None else movement.STILL
    cutter = ChipCutter(
        clips=store_chips(seen, device=device),
        ruler=ruler_of(settings.window),
        augment=ChipAugment(how.mirror, how.rotate, how.crop, how.brightness, how.warp, still),
        longer=how.stretch,
        velocities=settings.window.shows == "velocity",
    )
    if settings.scn is None:
        return Inputs(cutter, points=0, scale=scale)
    return Inputs(cutter, points=0, scale=scale, mean_points=_mean_points(of, clips))


def _pictures(
    clips: Sequence[ChipClip], learns: Numbers, window: Window
) -> tuple[Sequence[ChipClip], float | None]:
    """Clips as `window.shows` asks, and the scale that was fitted for it, in levels of 255.

    Movements take many times the memory of chips, so they are made one clip at a time, and twice.
    """
    if window.shows == "shape":
        return clips, None
    scale = movement.scale_of(_movement(clips[number], window) for number in learns)
    return [
        clip._replace(chips=movement.picture(_movement(clip, window), scale=scale))
        for clip in clips
    ], scale


def _movement(clip: ChipClip, window: Window) -> Values:
    known = np.where(clip.seen[:, None, None, None], clip.chips, np.float32(np.nan))
    return movement.measure(clip.times, known, window)


def _mean_points(of: Split, clips: Sequence[ChipClip]) -> torch.Tensor:
    """Where landmarks lie in the faces that the network learns from, each clip counted once."""
    each = [
        chip_batches.mean_points(torch.tensor(one.points)[None], torch.tensor(one.seen)[None])
        for one in (clips[number] for number in of.learns)
    ]
    return mean_points(torch.cat(each))
