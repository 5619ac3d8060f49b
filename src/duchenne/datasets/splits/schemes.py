"""Schemes without published folds (stratified, leave one subject out), and roles within folds.

A scheme chooses the test subjects of each fold; `rows_of` draws the validation subjects.
"""

from collections.abc import Mapping, Sequence, Set
from fractions import Fraction

import numpy as np

from duchenne.datasets.splits.case import (
    Assignment,
    Case,
    Counts,
    Indices,
    People,
    Role,
    people_of,
)
from duchenne.datasets.splits.spread import Evenness, spread
from duchenne.errors import FoldsError


def leave_one_subject_out(cases: Sequence[Case], *, val: float, seed: int) -> list[Assignment]:
    """One fold for each subject, named after the subject that it tests."""
    if not cases:
        raise FoldsError("there is no clip, and so no subject to leave out")
    return rows_of(cases, {case.subject: {case.subject} for case in cases}, val=val, seed=seed)


def stratified(cases: Sequence[Case], *, folds: int, val: float, seed: int) -> list[Assignment]:
    """Stratified folds 1 to `folds`; names are padded with zeros, so that they sort."""
    people = people_of(cases)
    if not 2 <= folds <= len(people.names):
        raise FoldsError(
            f"{len(people.names)} subjects cannot make {folds} folds: it takes two folds at least, "
            "and a subject for each"
        )
    homes = spread(people, parts=folds, seed=seed)
    width = len(str(folds))
    tests: dict[str, set[str]] = {str(fold).zfill(width): set() for fold in range(1, folds + 1)}
    for name, home in zip(people.names, homes, strict=True):
        tests[str(home + 1).zfill(width)].add(name)
    return rows_of(cases, tests, val=val, seed=seed)


def validators(
    people: People, training: Sequence[int], *, val: float, rng: np.random.Generator
) -> list[int]:
    """Draw a share `val` of the subjects with the indices `training`: at least one, never all.

    It is a random draw, improved by swaps with the other subjects as long as one makes its counts
    more similar to those of the whole. The local optimum differs from draw to draw, as it should.
    """
    size = min(max(round(val * len(training)), 1), len(training) - 1)
    counts = people.counts[training]
    evenness = Evenness(counts, classes=people.classes, share=Fraction(size, len(training)))
    drawn = rng.permutation(len(training))
    inside, outside = drawn[:size], drawn[size:]
    while sum(_swap(place, inside, outside, counts, evenness) for place in range(size)):
        pass  # sum(), unlike any(), tries every subject
    return [training[subject] for subject in inside]


def _swap(
    place: int, inside: Indices, outside: Indices, counts: Counts, evenness: Evenness
) -> bool:
    """Swap one subject inside for the one outside that lowers the cost most, if any does."""
    rest = counts[inside].sum(axis=0) - counts[inside[place]]
    candidates = np.append(inside[place], outside)
    best = evenness.cost(rest + counts[candidates]).argmin()  # the first of equal costs, so no swap
    if best == 0:
        return False
    inside[place], outside[best - 1] = candidates[best], inside[place]
    return True


def rows_of(
    cases: Sequence[Case], tests: Mapping[str, Set[str]], *, val: float, seed: int
) -> list[Assignment]:
    """Roles of all clips in all folds, sorted by fold and clip.

    `tests` maps folds to their test subjects; a share `val` of the other subjects validates. The
    number of times that a subject has validated is one more column to balance: else the same
    typical subjects of a small set would validate in every fold and never train.
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
        rows += [Assignment(fold, case.clip, role[case.subject]) for case in ordered]
    return rows


def _training(people: People, fold: str, tested: Set[str]) -> list[int]:
    training = [number for number, name in enumerate(people.names) if name not in tested]
    if len(training) < 2:
        raise FoldsError(
            f"fold {fold} has {len(training)} subject(s) outside its test part, and needs two, one "
            "to train and one to validate: use more folds or more subjects"
        )
    return training
