"""The rows of a split, once it is known whom each fold tests."""

from collections.abc import Mapping, Sequence, Set

import numpy as np

from duchenne.datasets.splits.case import Case, Role, Row
from duchenne.datasets.splits.people import People, people_of
from duchenne.datasets.splits.validation import validators
from duchenne.errors import FoldsError


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
