"""Divide subjects into parts that are as even as possible in classes, clips and groups."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from duchenne.datasets.splits.case import Counts, Indices, People

# Weights are integers, in millionths: integer costs are equal on every machine, sums of floats are
# not. They fit into 64 bits for a hundred thousand clips.
_MILLION = 10**6
# A search ends in a local optimum, so the best of several searches is taken: at least four, and
# more with few subjects, where local optima may be poor.
_SEARCHES, _FEW = 4, 100
_MANY = 1000  # subjects: the first search is as even as the best of four, and takes 2 s


class Evenness:
    """The cost of a part that should hold a `share` of all `counts` (subjects, columns).

    Three terms, each larger than all later ones together: classes of which the part leaves none to
    train on; classes that the part itself lacks; and the distance from the share, which is
    Pearson's: squared deviation over the total of the column. So a deviation in a rare group costs
    more than the same deviation in a common one.
    """

    def __init__(self, counts: Counts, *, classes: int, share: Fraction) -> None:
        self._totals = counts.sum(axis=0)
        self._classes = classes
        self._share = share
        self._weights = np.maximum(_MILLION // np.maximum(self._totals, 1), 1)
        # _lack is more than two parts can differ in distance, _rob more than in distance and lacks.
        self._lack = 4 * int((self._weights * self._totals**2).sum()) * share.denominator
        self._rob = self._lack * (2 * classes + 1)

    def cost(self, parts: Counts) -> npt.NDArray[np.int64]:
        """The cost (…) of parts with counts (…, columns), up to a constant."""
        # (n - share * total)^2 times the denominator of share, without the constant term.
        over = self._share.denominator * parts - 2 * self._share.numerator * self._totals
        shown = parts[..., : self._classes]
        robbed = (shown == self._totals[: self._classes]).sum(axis=-1, dtype=np.int64)
        lacked = (shown == 0).sum(axis=-1, dtype=np.int64)
        cost: npt.NDArray[np.int64] = (parts * over) @ self._weights
        cost += self._lack * lacked + self._rob * robbed
        return cost


def spread(people: People, *, parts: int, seed: int) -> Indices:
    """Divide subjects into `parts`: the index (subjects,) of each subject's part."""
    rng = np.random.Generator(np.random.PCG64(seed))
    evenness = Evenness(people.counts, classes=people.classes, share=Fraction(1, parts))
    many = len(people.names) >= _MANY
    number = 1 if many else max(_SEARCHES, _FEW // len(people.names))
    searches = [_Search(people, parts, evenness) for _ in range(number)]
    for search in searches:
        search.run(rng.permutation(len(people.names)))
    return min(searches, key=_Search.cost).home


class _Search:
    """A local search over `home`, the part of each subject.

    After the subjects there is an empty dummy subject for each part. A dummy never changes its
    part, and a swap with a dummy is a move.
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
        """Put each subject into the part where it costs least, then swap until no swap helps."""
        for subject in order:
            then = self._evenness.cost(self._held + self._counts[subject])
            self._home[subject] = (then - self._evenness.cost(self._held)).argmin()
            self._held[self._home[subject]] += self._counts[subject]
        while sum(self._improve(subject) for subject in order):
            pass  # sum(), unlike any(), tries every subject

    def _improve(self, subject: int) -> bool:
        """Swap a subject with the one in another part that lowers the cost most, if any does."""
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
