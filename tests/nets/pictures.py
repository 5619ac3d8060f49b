"""Windows of made-up face chips."""

import torch

from duchenne.nets.inputs import Pictures


def pictures(*, side: int, seen: list[str], seed: int = 0) -> Pictures:
    """Grey; one window for each of `seen`, one letter a frame: `.` is present, `x` absent."""
    present = torch.tensor([[letter == "." for letter in row] for row in seen])
    draw = torch.Generator().manual_seed(seed)
    shape = (*present.shape, side, side, 1)
    return Pictures(torch.randint(256, shape, generator=draw, dtype=torch.uint8), present)


def one_frame_each(windows: Pictures) -> Pictures:
    """The present frames, each as a window of its own."""
    chips = windows.chips[windows.present][:, None]
    return Pictures(chips, torch.ones(chips.shape[:2], dtype=torch.bool))


def without(windows: Pictures, *, frames: list[int]) -> Pictures:
    """All windows less these frames."""
    kept = [frame for frame in range(windows.present.shape[1]) if frame not in frames]
    return Pictures(windows.chips[:, kept], windows.present[:, kept])
