"""Which subjects of a training part validate."""

from collections.abc import Mapping, Sequence, Set
from fractions import Fraction

import numpy as np

from duchenne.datasets.splits.case import Case, Counts, Indices, People, Role, Row, people_of
from duchenne.datasets.splits.spread import Evenness
from duchenne.errors import FoldsError


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


def rows_of(
    cases: Sequence[Case], tests: Mapping[str, Set[str]], *, val: float, seed: int
) -> list[Row]:
    """Every clip in every fold: `tests` names the subjects that each fold tests, and a share `val`
    of all others validates. The rows are in the order of their folds and clips.

    How often each subject has validated is one more thing to be even in: else the one typical
    person of a small set would always validate, and never train anything.
    """
    people = people_of(cases)
    ordered = sorted(cases)
    times = np.zeros((len(people.names), 1), np.int64)
    rows = []
    for number, fold in enumerate(sorted(tests)):
        rng = np.random.Generator(np.random.PCG64([seed, number]))
        training = _training(people, fold, tests[fold])
        weighed = people._replace(counts=np.hstack([people.counts, times]))
        validating = validators(weighed, training, val=val, rng=rng)
        times[validating] += 1
        role: dict[str, Role] = dict.fromkeys(people.names, "train")
        for at in validating:
            role[people.names[at]] = "val"
        for subject in tests[fold]:
            role[subject] = "test"
        rows += [Row(fold, case.clip, role[case.subject]) for case in ordered]
    return rows


def _training(people: People, fold: str, tested: Set[str]) -> list[int]:
    training = [number for number, name in enumerate(people.names) if name not in tested]
    if len(training) < 2:
        raise FoldsError(
            f"fold {fold} has {len(training)} subject(s) outside its test part, and needs two, one "
            "to train and one to validate: use more folds or more subjects"
        )
    return training
