"""Columns of training clips: filled and standardised, and selected by mRMR."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from duchenne.training.fitting.base import Array, Numbers, Weights

_CONSTANT = 1e-9  # of a column's largest value: a spread below this is rounding


class Columns(NamedTuple):
    """The columns that vary, with what fills and scales them."""

    chosen: Numbers  # (m,) of M
    fill: Array  # (m,) the middle of known values
    mean: Array
    spread: Array

    def of(self, values: Array) -> Array:
        """(C, M) → (C, m): missing values filled, then standardised."""
        given = self._filled(values)
        given -= self.mean
        given /= self.spread
        return given

    def keep(self, places: Numbers) -> "Columns":
        """The columns at these places, in this order."""
        chosen, fill, mean, spread = self
        return Columns(chosen[places], fill[places], mean[places], spread[places])

    def weights(self) -> Weights:
        return {f"columns.{name}": value for name, value in self._asdict().items()}

    def _filled(self, values: Array) -> Array:
        given = values[:, self.chosen]  # a copy
        np.copyto(given, self.fill, where=np.isnan(given))
        return given


def fit(values: Array, *, middle: Callable[..., Any] = np.nanmedian) -> Columns:
    """Fit to rows (C, M) of training clips, NaN where there is no value.

    The `middle` of known values fills missing ones. Of many skewed columns all medians lie on one
    side of their means, and a linear model tells by that what is missing; `np.nanmean` hides it.
    """
    chosen = np.flatnonzero(~np.isnan(values).all(axis=0))
    fill = middle(values[:, chosen], axis=0) if len(chosen) else np.zeros(0)
    every = Columns(chosen, fill, np.zeros_like(fill), np.ones_like(fill))
    known = every.of(values)
    found = every._replace(mean=known.mean(axis=0), spread=known.std(axis=0))
    largest = np.abs(known).max(axis=0, initial=0.0)
    return found.keep(np.flatnonzero(found.spread > _CONSTANT * largest))


def rank(scaled: Array, codes: Numbers, *, most: int) -> Numbers:
    """The `most` best of columns (C, m) by mRMR, the best first; none of them may be constant.

    Minimum redundancy, maximum relevance (Ding & Peng 2005, from memory): columns that say much
    about the class and little that the others have said, by the quotient of F statistic and mean
    correlation, which is theirs for continuous values.
    """
    relevance = f_statistic(scaled, codes)
    alike = np.abs(np.corrcoef(scaled, rowvar=False).reshape(scaled.shape[1], -1))
    chance = 1.0 / np.sqrt(len(scaled))  # unrelated columns correlate by about as much
    taken: list[int] = []
    redundancy = np.zeros(len(relevance))
    free = np.ones(len(relevance), bool)
    for count in range(min(most, len(relevance))):
        worth = relevance / np.maximum(redundancy / max(count, 1), chance)
        best = int(np.where(free, worth, -np.inf).argmax())
        taken.append(best)
        free[best] = False
        redundancy = redundancy + alike[best]
    return np.array(taken, np.int64)


def f_statistic(scaled: Array, codes: Numbers) -> Array:
    """Variance between the classes over that within them, for each column."""
    counts = np.bincount(codes)
    one_hot = np.eye(len(counts))[codes]
    means = (one_hot.T @ scaled) / counts[:, None]
    between = counts @ np.square(means - scaled.mean(axis=0)) / (len(counts) - 1)
    freedom = max(len(scaled) - len(counts), 1)  # one clip a class: nothing varies within it
    within = np.square(scaled - means[codes]).sum(axis=0) / freedom
    return np.asarray(between / np.maximum(within, np.finfo(float).tiny))
