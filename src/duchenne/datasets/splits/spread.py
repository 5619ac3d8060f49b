"""Subjects spread over parts that are as alike as subjects allow."""

from fractions import Fraction

import numpy as np

from duchenne.datasets.splits.evenness import Evenness
from duchenne.datasets.splits.people import Indices, People

# A search ends where no single move or swap helps, so the best of several is taken: of many where
# subjects are few and such an end may be poor, of four where they are many and it never is.
_SEARCHES, _FEW = 4, 100


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
