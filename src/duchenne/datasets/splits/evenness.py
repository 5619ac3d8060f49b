"""How good a part is that is held out of training."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from duchenne.datasets.splits.people import Counts

# The inverse of a column's total is kept in millionths: whole numbers compare alike everywhere,
# sums of fractions in binary do not. With a hundred thousand clips they still fit 64 bits.
_MILLION = 10**6


class Evenness:
    """The cost of a part that should get `share` of everyone's `counts`; lower is better.

    Above all it must leave some of each class to train on; next, hold some of each itself; then
    come as near as it can to its share. The distance is Pearson's: squared, over what is expected,
    so that a deviation in a rare group counts for more than the same in a common one.
    """

    def __init__(self, counts: Counts, *, classes: int, share: Fraction) -> None:
        self._totals = counts.sum(axis=0)
        self._classes = classes
        self._share = share
        self._weights = np.maximum(_MILLION // np.maximum(self._totals, 1), 1)
        # More than any two parts can differ in evenness; and in what they lack.
        self._lack = 4 * int((self._weights * self._totals**2).sum()) * share.denominator
        self._rob = self._lack * (2 * classes + 1)

    def cost(self, parts: Counts) -> npt.NDArray[np.int64]:
        """The cost (…) of parts that hold (…, columns). Only differences mean something."""
        # (n - share * total)^2, times the denominator, without the term that no choice changes.
        over = self._share.denominator * parts - 2 * self._share.numerator * self._totals
        shown = parts[..., : self._classes]
        robbed = (shown == self._totals[: self._classes]).sum(axis=-1, dtype=np.int64)
        lacked = (shown == 0).sum(axis=-1, dtype=np.int64)
        cost: npt.NDArray[np.int64] = (parts * over) @ self._weights
        cost += self._lack * lacked + self._rob * robbed
        return cost
