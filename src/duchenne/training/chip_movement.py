"""Pictures of how a face moves: grey where nothing changes, lighter or darker where something does.

They are chips like others, so that whatever looks at pictures can look at them.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from duchenne.training.motion import Values, with_face

STILL = 128.0  # of 255: where nothing changes
_STRONG = 32.0  # levels for a change as large as the scale; four times as much is black or white


def picture(movement: Values, *, scale: float) -> npt.NDArray[np.uint8]:
    """Movements of chips (T, H, W, C), in levels of 255 → chips; zeros where there is no face."""
    seen = with_face(movement)[:, None, None, None]
    levels = np.rint(STILL + _STRONG / scale * movement).clip(0.0, 255.0)
    return np.where(seen, levels, 0.0).astype(np.uint8)


def faster(chips: Tensor, stretch: Tensor, present: Tensor) -> Tensor:
    """Velocities (B, T, H, W, C) of windows that last longer by `stretch` (B,); zeros where not
    `present` (B, T)."""
    wide = stretch.to(torch.float32)[:, None, None, None, None]
    levels = ((chips.float() - STILL) * wide + STILL).round_().clamp_(0.0, 255.0)
    return (levels * present[:, :, None, None, None]).to(torch.uint8)
