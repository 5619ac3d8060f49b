"""The report on a split: numbers of clips and subjects, and warnings on its scores."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from duchenne.datasets.splits.case import Assignment, Case, few, listed
from duchenne.datasets.splits.check import Members, classes_of, members, subjects_of
from duchenne.subjects import is_unknown


def report(
    rows: Sequence[Assignment], cases: Sequence[Case], *, groups: Sequence[str] = ()
) -> dict[str, Any]:
    """The contents of data/reports/folds.json, for a split that has passed `check`.

    `groups` names the columns of `Case.groups`; without names they are numbered.
    """
    folds = members(rows, cases)
    columns = groups or [str(number + 1) for number in range(len(cases[0].groups))]
    return {
        "all": _facts(cases),
        "folds": {
            fold: {
                "train": _facts(parts["train"]),
                "val": _facts(parts["val"]),
                "test": _facts(parts["test"]) | {"groups": _groups(parts["test"], columns)},
            }
            for fold, parts in folds.items()
        },
        "warnings": [
            *_unknown(cases),
            *_alone(folds),
            *_lacking(folds, cases),
            *_confounded(cases),
        ],
    }


def _facts(cases: Sequence[Case]) -> dict[str, Any]:
    labels = Counter(case.label for case in cases)
    return {
        "clips": len(cases),
        "subjects": len(subjects_of(cases)),
        "labels": {str(label): labels[label] for label in sorted(labels)},
    }


def _groups(cases: Sequence[Case], columns: Sequence[str]) -> dict[str, dict[str, int]]:
    """Numbers of clips by value of each group column; "" stands for unknown."""
    values = zip(*(case.groups for case in cases), strict=True)
    return {
        column: dict(sorted(Counter(held).items()))
        for column, held in zip(columns, values, strict=True)
    }


def _alone(folds: Members) -> Iterator[str]:
    """Warning: test or validation parts with a single class."""
    advice = {
        "test": "a score of such a fold alone says nothing, only scores pooled over folds do",
        "val": "they cannot tell a good epoch from one that always gives the same answer",
    }
    for role, warning in advice.items():
        alone = [fold for fold in folds if len(classes_of(folds[fold][role])) == 1]
        if alone:
            yield f"one class only in the {role} part of {listed(alone, 'fold')}: {warning}"


def _lacking(folds: Members, cases: Sequence[Case]) -> Iterator[str]:
    """Warning: training parts that lack one of three classes or more."""
    lacking = [
        f"class {label} in fold {fold}"
        for fold in folds
        for label in sorted(classes_of(cases) - classes_of(folds[fold]["train"]))
    ]
    if lacking:
        yield f"missing from training, and so never predicted: {few(lacking)}"


def _unknown(cases: Sequence[Case]) -> Iterator[str]:
    """Warning: clips of unknown people, whose split cannot be checked."""
    nobody = sorted(case.clip for case in cases if is_unknown(case.subject))
    if nobody:
        yield (
            f"nobody knows who is on {listed(nobody, 'clip')}: that no person is in two parts "
            "cannot be checked"
        )


def _confounded(cases: Sequence[Case]) -> Iterator[str]:
    """Warning: pairs of classes that no known subject has both of."""
    cases = [case for case in cases if not is_unknown(case.subject)]
    shown = {
        label: {case.subject for case in cases if case.label == label}
        for label in sorted(classes_of(cases))
    }
    apart = [
        f"{one} and {other}"
        for one, other in combinations(shown, 2)
        if not shown[one] & shown[other]
    ]
    if apart:
        yield (
            f"no subject shows both classes {few(apart)}: a model may tell persons, cameras or "
            "sessions apart instead"
        )
