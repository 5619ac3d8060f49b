"""D-Markers standardised by the TRAINING clips, with 0 for missing values.

No other clip has a part in mean and spread; `subjects` says whose clips they are of, for the audit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from duchenne.dmarkers.names import COLUMNS

Array = npt.NDArray[np.float64]

_CONSTANT = 1e-9  # of a column's largest value: a spread below this is rounding
# The features that change their sign in a mirror.
_SIGNED = np.array([column.endswith("_left_right") for column in COLUMNS])


@dataclass(frozen=True)
class Standardiser:
    """Mean and spread of each of the 225 columns; constant columns have spread 0 and become 0."""

    mean: Array
    spread: Array
    subjects: tuple[str, ...]

    def table(self, markers: Array, *, indicators: bool, device: torch.device) -> Tensor:
        """(C, 225) → standardised float32, followed by a 1 where a value is missing if asked."""
        scaled = self._scaled(markers)
        columns = [np.nan_to_num(scaled)]
        if indicators:
            columns.append(np.isnan(markers).astype(np.float64))
        return torch.tensor(np.hstack(columns), dtype=torch.float32, device=device)

    def targets(self, markers: Array, *, device: torch.device) -> tuple[Tensor, Tensor]:
        """What a network is to predict, (C, 225), and where there is anything to predict."""
        scaled = self._scaled(markers)
        valid = np.isfinite(scaled) & (self.spread > 0.0)
        known = np.where(valid, scaled, 0.0)
        return (
            torch.tensor(known, dtype=torch.float32, device=device),
            torch.tensor(valid, device=device),
        )

    def _scaled(self, markers: Array) -> Array:
        divisor = np.where(self.spread > 0.0, self.spread, np.inf)
        scaled: Array = (markers - self.mean) / divisor
        return scaled


def fit(markers: Array, subjects: Sequence[str]) -> Standardiser:
    """From the D-Markers (C, 225) of training clips, NaN where missing, and their subjects."""
    known = np.isfinite(markers)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, markers, 0.0).sum(axis=0) / count
    off = np.where(known, markers - mean, 0.0)
    spread = np.sqrt(np.square(off).sum(axis=0) / count)
    largest = np.where(known, np.abs(markers), 0.0).max(axis=0, initial=0.0)
    spread = np.where(spread > _CONSTANT * largest, spread, 0.0)
    return Standardiser(mean, spread, tuple(sorted(set(subjects))))


def mirrored(markers: Array) -> Array:
    """The D-Markers of the same smile in a mirror: left/right differences change their sign."""
    return np.where(_SIGNED, -markers, markers)


def as_json(fitted: Standardiser) -> dict[str, Any]:
    return {
        "mean": fitted.mean.tolist(),
        "spread": fitted.spread.tolist(),
        "subjects": list(fitted.subjects),
    }


def from_json(given: dict[str, Any]) -> Standardiser:
    return Standardiser(
        np.array(given["mean"]), np.array(given["spread"]), tuple(given["subjects"])
    )
