"""Windows of random face chips."""

import torch
from torch import Tensor

from duchenne.nets.inputs import Pictures


def pictures(seen: list[str], *, side: int, channels: int = 1, seed: int = 0) -> Pictures:
    """One window for each of `seen`, with a letter for each frame: `.` is present, `x` absent.

    Chips are noise plus a brightness for each frame, since means over a chip remove noise.
    """
    present = torch.tensor([[letter == "." for letter in row] for row in seen])
    draw = torch.Generator().manual_seed(seed)
    ground, grain = (
        torch.randint(0, 128, (*present.shape, *size, channels), generator=draw, dtype=torch.uint8)
        for size in ((1, 1), (side, side))
    )
    return Pictures(ground + grain, present)


def spread(given: Pictures, seen: list[str]) -> Pictures:
    """The same present frames at the places in `seen`, with other chips at absent places."""
    _, _, side, _, channels = given.chips.shape
    wide = pictures(seen, side=side, channels=channels, seed=99)
    assert torch.equal(wide.present.sum(dim=1), given.present.sum(dim=1))
    wide.chips[wide.present] = given.chips[given.present]
    return wide


def one_frame_each(windows: Pictures) -> Pictures:
    """The present frames, each as a window of its own."""
    chips = windows.chips[windows.present][:, None]
    return Pictures(chips, torch.ones(chips.shape[:2], dtype=torch.bool))


def without(windows: Pictures, *, frames: list[int]) -> Pictures:
    """The windows without some frames."""
    kept = [frame for frame in range(windows.present.shape[1]) if frame not in frames]
    return Pictures(windows.chips[:, kept], windows.present[:, kept])


def numbers(*shape: int, seed: int = 0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=draw, dtype=torch.float64)
