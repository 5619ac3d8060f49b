"""Columns made ready by training clips: missing values filled, then in standard deviations."""

from typing import NamedTuple

import numpy as np

from duchenne.training.fitting.base import Array, Numbers, Weights

_CONSTANT = 1e-9  # of a column's largest value: a spread below this is rounding


class Columns(NamedTuple):
    """Those that say anything. Columns without a value, or with one alone, are not among them."""

    chosen: Numbers  # (m,) of M
    fill: Array  # (m,) the median of known values
    mean: Array
    spread: Array

    def of(self, values: Array) -> Array:
        """(C, M) → (C, m)."""
        return np.asarray((self._filled(values) - self.mean) / self.spread)

    def keep(self, places: Numbers) -> "Columns":
        """The ones at these places among them, in this order."""
        chosen, fill, mean, spread = self
        return Columns(chosen[places], fill[places], mean[places], spread[places])

    def weights(self) -> Weights:
        return {f"columns.{name}": value for name, value in self._asdict().items()}

    def _filled(self, values: Array) -> Array:
        given = values[:, self.chosen]
        return np.where(np.isnan(given), self.fill, given)


def fit(values: Array) -> Columns:
    """From rows (C, M) of training clips, NaN where there is no value."""
    chosen = np.flatnonzero(~np.isnan(values).all(axis=0))
    fill = np.nanmedian(values[:, chosen], axis=0) if len(chosen) else np.zeros(0)
    every = Columns(chosen, fill, np.zeros_like(fill), np.ones_like(fill))
    known = every.of(values)
    found = every._replace(mean=known.mean(axis=0), spread=known.std(axis=0))
    largest = np.abs(known).max(axis=0, initial=0.0)
    return found.keep(np.flatnonzero(found.spread > _CONSTANT * largest))
