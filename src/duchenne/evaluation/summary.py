"""The figures of a run: all of them (data/reports/scores.json), and those of metrics/summary.json,
few enough that `dvc exp show` fits a screen.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from duchenne.errors import EvaluationError, listed
from duchenne.evaluation.intervals import bounds, draw, weighted
from duchenne.evaluation.scores import Predictions, majority, rounded, scores

Group = Sequence[str | None]  # one value per clip; None or empty = not known


class Run(NamedTuple):
    """What figures are of; params.yaml has the same names."""

    dataset: str
    model: str
    fusion: str
    protocol: str


_OF_GROUPS = ("accuracy", "balanced_accuracy", "auc")  # the others say little of few clips
_OF_PROBES = ("balanced_accuracy", "auc")
# The figures of metrics/summary.json, and where each stands in the report. The names are short,
# since each is the head of a column in `dvc exp show`; a dot is between a section and its figure.
HEADLINE = {
    "balanced_accuracy": ("pooled", "balanced_accuracy"),
    "ci_low": ("pooled", "balanced_accuracy_low"),
    "ci_high": ("pooled", "balanced_accuracy_high"),
    "auc": ("pooled", "auc"),
    "accuracy": ("pooled", "accuracy"),
    "mcc": ("pooled", "mcc"),
    "brier": ("pooled", "brier"),
    "ece": ("pooled", "ece"),
    "fold_mean": ("folds", "balanced_accuracy_mean"),
    "fold_sd": ("folds", "balanced_accuracy_sd"),
    "majority": ("majority",),
    "probe_duration": ("probes", "duration", "balanced_accuracy"),
    "probe_first_frame": ("probes", "first_frame", "balanced_accuracy"),
    "length.auc": ("length", "auc"),
    "length.gain_auc": ("length", "gain_auc"),
    "length.pairs_auc": ("length", "pairs_auc"),
    "length.not_probed": ("length", "not_probed"),
    "clips": ("clips",),
    "subjects": ("subjects",),
    "parameters": ("parameters",),
}
_MARKS = ("optimistic", "padded", "run")  # stand in both files alike
# Among the dozen clips of a small fold a bin holds one or two, and even a perfectly calibrated
# model is far off in each.
_NOT_OF_FOLDS = ("ece",)


def report(
    predictions: Predictions, groups: Mapping[str, Group], *, expected_folds: Sequence[str]
) -> dict[str, Any]:
    """Counts, pooled scores, their spread over folds, and each group's; `groups` by column name.

    A mean over folds is given only where the score is defined in every one of them: a mean over
    the others would be that of an easier or harder set, and not comparable with anything.
    """
    _check_folds(predictions, expected_folds)
    figures: dict[str, Any] = {
        "clips": len(predictions),
        "subjects": _subjects(predictions),
        "majority": rounded(majority(predictions)),
        "pooled": pooled(predictions),
        "folds": _over_folds([scores(fold) for _, fold in _folds(predictions)]),
    }
    by_group = {name: _of_groups(predictions, name, groups[name]) for name in sorted(groups)}
    known = {name: rows for name, rows in by_group.items() if rows}
    return {**figures, "groups": known} if known else figures


def headline(scores: Mapping[str, Any]) -> dict[str, Any]:
    """metrics/summary.json: the figures that runs are compared by, taken from all of a run. One
    that is undefined there is left out."""
    found = {name: scores[name] for name in _MARKS if name in scores}
    for name, place in HEADLINE.items():
        value = _at(scores, place)
        if value is not None:
            _put(found, name.split("."), value)
    return found


def as_report(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of metrics/summary.json at the places where data/reports/scores.json has them."""
    found = {name: figures[name] for name in _MARKS if name in figures}
    for name, place in HEADLINE.items():
        value = _at(figures, name.split("."))
        if value is not None:
            _put(found, place, value)
    return found


def probe_scores(predictions: Predictions) -> dict[str, float]:
    """What a probe reaches on the test clips, which should be what chance does."""
    found = pooled(predictions)
    return {name: value for name, value in found.items() if name.startswith(_OF_PROBES)}


def fold_rows(predictions: Predictions) -> list[dict[str, Any]]:
    """One row per fold, in the order in which people count: 2 before 10."""
    return [
        {"fold": name, "clips": len(fold), "subjects": _subjects(fold), **_rounded(scores(fold))}
        for name, fold in _folds(predictions)
    ]


def _at(scores: Mapping[str, Any], place: Sequence[str]) -> Any:
    """What stands at a place such as ("pooled", "auc"); None if nothing does."""
    *sections, last = place
    for name in sections:
        scores = scores.get(name, {})
    return scores.get(last)


def _put(figures: dict[str, Any], place: Sequence[str], value: Any) -> None:
    """Let a value stand at a place, in sections that are made where they are missing."""
    *sections, last = place
    for name in sections:
        figures = figures.setdefault(name, {})
    figures[last] = value


def pooled(predictions: Predictions) -> dict[str, float]:
    """All scores, each with its interval beside it where it has one."""
    draws, scored = draw(predictions.subject), weighted(predictions)
    found = {}
    for name, value in scores(predictions).items():
        found[name] = value
        found |= bounds(name, draws.of(scored[name])) if name in scored else {}
    return _rounded(found)


def _over_folds(folds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean and, from two folds on, sample standard deviation."""
    found = {}
    for name in folds[0]:
        values = [fold[name] for fold in folds if name in fold]
        if name in _NOT_OF_FOLDS or len(values) < len(folds):
            continue
        found[f"{name}_mean"] = float(np.mean(values))
        if len(values) > 1:
            found[f"{name}_sd"] = float(np.std(values, ddof=1))
    return _rounded(found)


def _of_groups(predictions: Predictions, column: str, values: Group) -> dict[str, Any]:
    if len(values) != len(predictions):
        raise EvaluationError(
            f"group column {column}: {len(values)} values for {len(predictions)} clips"
        )
    numbers = [value for value in values if not (value is None or isinstance(value, str))]
    if numbers:
        raise EvaluationError(f"group column {column}: {numbers[0]!r} is not a word; name groups")
    names = sorted({value for value in values if value})
    every = np.array([value or "" for value in values])
    return {name: _of_group(predictions.only(every == name)) for name in names}


def _of_group(group: Predictions) -> dict[str, Any]:
    found = {name: value for name, value in scores(group).items() if name in _OF_GROUPS}
    return {"clips": len(group), "subjects": _subjects(group), **_rounded(found)}


def _folds(predictions: Predictions) -> list[tuple[str, Predictions]]:
    names = sorted(set(predictions.fold.tolist()), key=_counted)
    return [(name, predictions.only(predictions.fold == name)) for name in names]


def _counted(name: str) -> list[tuple[float, str]]:
    """A sort key under which fold 10 comes after fold 9, and numbers before words."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(part) if part.isdecimal() else math.inf, part) for part in parts]


def _check_folds(predictions: Predictions, expected: Sequence[str]) -> None:
    found = set(predictions.fold.tolist())
    problems = [
        f"{what}: {listed(folds)}"
        for what, folds in (
            ("folds without predictions", set(expected) - found),
            ("folds that nobody asked for", found - set(expected)),
        )
        if folds
    ]
    if problems:
        raise EvaluationError(f"predictions: {'; '.join(problems)}; train all folds of one split")


def _subjects(predictions: Predictions) -> int:
    return len(set(predictions.subject.tolist()))


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: rounded(value) for name, value in figures.items()}
