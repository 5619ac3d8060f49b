"""The inputs and outputs of all networks."""

from typing import NamedTuple

from torch import Tensor

from duchenne.dmarkers import names

# The D-Markers of a clip come in 9 blocks of 25: eyes' onset, apex, offset, then cheeks', mouth's.
BLOCKS = len(names.REGIONS) * len(names.PHASES)
FEATURES = len(names.FEATURES)
MARKERS = len(names.COLUMNS)


class Windows(NamedTuple):
    """A batch of B windows of T frames with N landmarks each."""

    xyz: Tensor  # (B, T, N, 3) float32, arbitrary where absent
    neighbours: Tensor  # (B, T, N, K) int, nearest first, itself included; K = 0 if not needed
    present: Tensor  # (B, T) bool; False: no such frame, or no face in it. At least one True each
    markers: Tensor  # (B, M) float32 standardised, missing ones 0; then the indicators, if any


class Pictures(NamedTuple):
    """A batch of B windows of T face chips each."""

    chips: Tensor  # (B, T, H, W, C) uint8, arbitrary where absent; C is 1 (grey) or 3 (RGB)
    present: Tensor  # (B, T) bool; False: no such frame, or no face in it. At least one True each


class Rows(NamedTuple):
    """B clips as one row of numbers each, for fitted classifiers."""

    values: Tensor  # (B, M) float64, NaN where missing; M may be 0


class Output(NamedTuple):
    logits: Tensor  # (B, 1) for two classes, else (B, classes)
    markers: Tensor | None = None  # (B, 225) predicted D-Markers, standardised
    certainty: Tensor | None = None  # (B,) in 0 to 1, the confidence that scales the logits
    points: Tensor | None = None  # (B, 68, 2) predicted landmarks, 0 to 1 inside the chip
