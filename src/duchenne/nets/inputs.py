"""What goes into a network and what comes out of it."""

from typing import NamedTuple

from torch import Tensor

REGIONS = ("eyes", "cheeks", "mouth")
PHASES = ("onset", "apex", "offset")
BLOCKS = len(REGIONS) * len(PHASES)
FEATURES = 25
# D-Markers of a clip, block by block: the eyes' onset, apex, offset, then the cheeks', the mouth's.
MARKERS = BLOCKS * FEATURES


class Windows(NamedTuple):
    """A batch of B windows of T frames with N landmarks each."""

    xyz: Tensor  # (B, T, N, 3) float32, anything where absent
    neighbours: Tensor  # (B, T, N, K) int, nearest first and itself among them; K = 0 if not needed
    present: Tensor  # (B, T) bool; False: no such frame, or no face in it. One True per window
    markers: Tensor  # (B, M) float32 standardised, missing ones 0, then the indicators if any


class Pictures(NamedTuple):
    """A batch of B windows of T face chips each, for networks that look at faces."""

    chips: Tensor  # (B, T, H, W, C) uint8, anything where absent; C is 1 (grey) or 3 (RGB)
    present: Tensor  # (B, T) bool; False: no such frame, or no face in it. One True per window


class Rows(NamedTuple):
    """B clips as one row of numbers each, for what is fitted and not trained."""

    values: Tensor  # (B, M) float64, NaN where there is no value; M may be 0


class Output(NamedTuple):
    logits: Tensor  # (B, 1) for two classes, else (B, classes)
    markers: Tensor | None = None  # (B, 225) standardised D-Markers as predicted
    certainty: Tensor | None = None  # (B,) in 0 to 1, how much the network trusts its own look
    points: Tensor | None = None  # (B, 68, 2) landmarks in the chip as predicted, 0 to 1 inside it
