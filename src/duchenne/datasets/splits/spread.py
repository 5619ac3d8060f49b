"""How good a part is that is held out of training."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from duchenne.datasets.splits.case import Counts, Indices, People

# The inverse of a column's total is kept in millionths: whole numbers compare alike everywhere,
# sums of fractions in binary do not. With a hundred thousand clips they still fit 64 bits.
_MILLION = 10**6
# A search ends where no single move or swap helps, so the best of several is taken: of many where
# subjects are few and such an end may be poor, of four where they are many and it never is.
_SEARCHES, _FEW = 4, 100


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


def spread(people: People, *, parts: int, seed: int) -> Indices:
    """The part (subjects,) that each subject belongs to."""
    rng = np.random.Generator(np.random.PCG64(seed))
    evenness = Evenness(people.counts, classes=people.classes, share=Fraction(1, parts))
    number = max(_SEARCHES, _FEW // len(people.names))
    searches = [_Search(people, parts, evenness) for _ in range(number)]
    for search in searches:
        search.run(rng.permutation(len(people.names)))
    return min(searches, key=_Search.cost).home


class _Search:
    """Where each subject is, `home`, and what each part holds (parts, columns).

    After the subjects comes a nobody for each part, who never leaves it: to swap with a nobody is
    to move.
    """

    def __init__(self, people: People, parts: int, evenness: Evenness) -> None:
        self._people = len(people.names)
        self._counts = np.pad(people.counts, ((0, parts), (0, 0)))
        self._home: Indices = np.concatenate([np.full(self._people, -1), np.arange(parts)])
        self._held = np.zeros((parts, people.counts.shape[1]), np.int64)
        self._evenness = evenness

    @property
    def home(self) -> Indices:
        return self._home[: self._people]

    def cost(self) -> int:
        return int(self._evenness.cost(self._held).sum())

    def run(self, order: Indices) -> None:
        """Put each subject where it does least harm, then improve for as long as anything helps."""
        for subject in order:
            then = self._evenness.cost(self._held + self._counts[subject])
            self._home[subject] = (then - self._evenness.cost(self._held)).argmin()
            self._held[self._home[subject]] += self._counts[subject]
        while sum(self._improve(subject) for subject in order):
            pass  # a sum, unlike any(), gives everyone a turn

    def _improve(self, subject: int) -> bool:
        """Swap a subject with whoever elsewhere helps most, if anyone does."""
        here = self._home[subject]
        others = np.flatnonzero(self._home != here)
        there = self._home[others]
        given = self._counts[subject] - self._counts[others]
        now = self._evenness.cost(self._held)
        then = self._evenness.cost(self._held[here] - given)
        then += self._evenness.cost(self._held[there] + given)
        change = then - now[here] - now[there]
        best = change.argmin()
        if change[best] >= 0:
            return False
        self._held[here] -= given[best]
        self._held[there[best]] += given[best]
        self._home[subject] = there[best]
        if others[best] < self._people:
            self._home[others[best]] = here
        return True
