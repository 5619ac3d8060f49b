"""Which subjects of a training part validate."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from duchenne.datasets.splits.evenness import Evenness
from duchenne.datasets.splits.people import Counts, Indices, People


def validators(
    people: People, training: Sequence[int], *, val: float, rng: np.random.Generator
) -> list[int]:
    """A share `val` of the subjects at `training`, to the nearest: one at least, and never all.

    A draw, whose subjects are swapped with the others for as long as that makes them more like
    the whole. Where it ends differs from draw to draw, which is welcome here.
    """
    size = min(max(round(val * len(training)), 1), len(training) - 1)
    counts = people.counts[training]
    evenness = Evenness(counts, classes=people.classes, share=Fraction(size, len(training)))
    drawn = rng.permutation(len(training))
    inside, outside = drawn[:size], drawn[size:]
    while sum(_swap(place, inside, outside, counts, evenness) for place in range(size)):
        pass  # a sum, unlike any(), gives everyone a turn
    return [training[subject] for subject in inside]


def _swap(
    place: int, inside: Indices, outside: Indices, counts: Counts, evenness: Evenness
) -> bool:
    """Swap the subject at one place inside for the one outside that helps most, if any does."""
    rest = counts[inside].sum(axis=0) - counts[inside[place]]
    candidates = np.append(inside[place], outside)
    best = evenness.cost(rest + counts[candidates]).argmin()  # of equals the first, who is inside
    if best == 0:
        return False
    inside[place], outside[best - 1] = candidates[best], inside[place]
    return True
