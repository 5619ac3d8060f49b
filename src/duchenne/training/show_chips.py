"""What frame models are shown of the clips of a fold."""

from collections.abc import Sequence

import torch

from duchenne.errors import TrainingError, listed
from duchenne.nets.self_cure import mean_points
from duchenne.training import chip_batches
from duchenne.training.chip_augment import ChipAugment
from duchenne.training.chip_batches import ChipClip, ChipCutter, album
from duchenne.training.prepare import Shown, Split
from duchenne.training.windows import Ruler
from duchenne.training_params import Training


def show_chips(
    of: Split, clips: Sequence[ChipClip], settings: Training, *, device: torch.device
) -> Shown:
    faceless = [clip.name for clip in clips if not clip.seen.any()]
    if faceless:
        raise TrainingError(f"no face in any frame of {listed(faceless)}; crops should say so")
    how = settings.augment
    cutter = ChipCutter(
        clips=album(clips, device=device),
        ruler=Ruler(settings.window.frames, settings.window.fps),
        augment=ChipAugment(how.mirror, how.rotate, how.crop, how.brightness, how.warp),
        longer=how.stretch,
    )
    if settings.scn is None:
        return Shown(cutter, points=0)
    return Shown(cutter, points=0, mean_points=_mean_points(of, clips))


def _mean_points(of: Split, clips: Sequence[ChipClip]) -> torch.Tensor:
    """Where landmarks lie in the faces that the network learns from, each clip counted once."""
    each = [
        chip_batches.mean_points(torch.tensor(one.points)[None], torch.tensor(one.seen)[None])
        for one in (clips[number] for number in of.learns)
    ]
    return mean_points(torch.cat(each))
