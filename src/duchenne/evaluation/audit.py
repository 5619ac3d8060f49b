"""Audit of a cross-validation: no fold was trained or fitted on its test subjects."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from duchenne.errors import EvaluationError, listed
from duchenne.evaluation.scores import Predictions
from duchenne.subjects import is_unknown

ROLES = ("train", "val", "test")

Parts = dict[str, set[str]]  # clips, later subjects, by role
Fitted = Mapping[str, Sequence[str]]  # name of a statistic → the subjects it was computed from


def audit(
    folds: Iterable[tuple[str, str, str]],
    subject_of: Mapping[str, str],
    *,
    predictions: Predictions,
    fitted: Mapping[str, Fitted],
    trained_on_val: bool = False,
) -> dict[str, Any]:
    """The contents of data/reports/audit.json; a violation raises EvaluationError.

    `folds` are (fold, clip, role) rows. `subject_of` maps clips to subjects. `fitted` has an entry
    for each fold, empty if nothing was fitted. Statistics may come from the training subjects and,
    with `trained_on_val` (`protocol: published`), from the validation subjects.
    """
    clips = _clips(folds)
    _check_tested_once(clips)
    _check_recorded(clips, fitted)
    training = ("train", "val") if trained_on_val else ("train",)
    proofs = {
        fold: _proof(fold, parts, subject_of, fitted=fitted[fold], training=training)
        for fold, parts in clips.items()
    }
    _check_predictions(clips, subject_of, predictions)
    nobody = sum(map(is_unknown, predictions.subject.tolist()))
    return {
        "verdict": True,
        "clips": len(predictions),
        "subjects": len(set(predictions.subject.tolist())),
        **({"clips_of_unknown_subjects": nobody} if nobody else {}),
        "training": list(training),
        "folds": proofs,
    }


def _proof(
    fold: str,
    parts: Parts,
    subject_of: Mapping[str, str],
    *,
    fitted: Fitted,
    training: Sequence[str],
) -> dict[str, Any]:
    """The entry of one fold in the report."""
    subjects = _subjects(fold, parts, subject_of)
    allowed = set().union(*(subjects[role] for role in training))
    return {
        "clips": {role: len(parts[role]) for role in ROLES},
        "subjects": {role: len(subjects[role]) for role in ROLES},
        "overlaps": _overlaps(fold, subjects),
        "fitted": _sources(fold, fitted, allowed),
    }


def _clips(rows: Iterable[tuple[str, str, str]]) -> dict[str, Parts]:
    """The clips of each fold by role; no clip has two roles, and train and test are not empty."""
    clips: dict[str, Parts] = {}
    for fold, clip, role in rows:
        if role not in ROLES:
            raise EvaluationError(
                f"fold {fold}: clip {clip} has the role {role!r}. Allowed: {', '.join(ROLES)}."
            )
        parts = clips.setdefault(fold, {each: set() for each in ROLES})
        if any(clip in part for part in parts.values()):
            raise EvaluationError(f"fold {fold}: clip {clip} is listed more than once")
        parts[role].add(clip)
    for fold, parts in clips.items():
        lacking = [role for role in ("train", "test") if not parts[role]]
        if lacking:
            raise EvaluationError(f"fold {fold}: no clips to {' and '.join(lacking)}")
    return clips


def _subjects(fold: str, parts: Parts, subject_of: Mapping[str, str]) -> Parts:
    """The subjects of a fold by role."""
    unknown = {clip for part in parts.values() for clip in part if not subject_of.get(clip)}
    if unknown:
        raise EvaluationError(f"fold {fold}: clips of unknown subjects: {listed(unknown)}")
    return {role: {subject_of[clip] for clip in part} for role, part in parts.items()}


def _overlaps(fold: str, subjects: Parts) -> dict[str, list[str]]:
    """The subjects that each two roles share: any is an error, so all lists are empty."""
    shared = {}
    for one, other in combinations(ROLES, 2):
        both = subjects[one] & subjects[other]
        if both:
            raise EvaluationError(
                f"fold {fold}: subjects in {one} and {other} at once: {listed(both)}; "
                "split by subject, not by clip"
            )
        shared[f"{one}_{other}"] = sorted(both)
    return shared


def _sources(fold: str, fitted: Fitted, allowed: set[str]) -> dict[str, int]:
    """Number of subjects of each statistic; one outside `allowed` is an error."""
    for statistic, sources in fitted.items():
        foreign = set(sources) - allowed
        if foreign:
            raise EvaluationError(
                f"fold {fold}: {statistic} was fitted on subjects outside the training part: "
                f"{listed(foreign)}; fit it on training subjects only"
            )
        if not sources:
            raise EvaluationError(
                f"fold {fold}: {statistic} names no subject that it was fitted on, "
                "which proves nothing; record them"
            )
    return {statistic: len(set(sources)) for statistic, sources in sorted(fitted.items())}


def _check_tested_once(clips: Mapping[str, Parts]) -> None:
    """Each clip is tested in exactly one fold. A single official split is exempt."""
    if len(clips) == 1:
        return
    tested = Counter(clip for parts in clips.values() for clip in parts["test"])
    every = {clip for parts in clips.values() for part in parts.values() for clip in part}
    for wrong, what in (
        (every - set(tested), "never tested"),
        ({clip for clip, times in tested.items() if times > 1}, "tested in more than one fold"),
    ):
        if wrong:
            raise EvaluationError(f"folds: clips {what}: {listed(wrong)}; mend the split")


def _check_predictions(
    clips: Mapping[str, Parts], subject_of: Mapping[str, str], predictions: Predictions
) -> None:
    """Each clip was predicted by the fold that tests it, and under its own subject."""
    wanted = {(fold, clip) for fold, parts in clips.items() for clip in parts["test"]}
    pairs = zip(predictions.fold.tolist(), predictions.clip.tolist(), strict=True)
    found = set(pairs)
    for wrong, what in (
        (wanted - found, "have no prediction from the fold that tests them"),
        (found - wanted, "were predicted by a fold that does not test them"),
    ):
        if wrong:
            where = listed(f"{clip} (fold {fold})" for fold, clip in wrong)
            raise EvaluationError(f"predictions: clips {what}: {where}")
    people = zip(predictions.clip.tolist(), predictions.subject.tolist(), strict=True)
    renamed = [clip for clip, subject in people if subject_of[clip] != subject]
    if renamed:
        raise EvaluationError(f"predictions: clips under another subject: {listed(renamed)}")


def _check_recorded(clips: Mapping[str, Parts], fitted: Mapping[str, Fitted]) -> None:
    """`fitted` has an entry for each fold of the split, and no other."""
    for wrong, what in (
        (set(clips) - set(fitted), "without a record of what was fitted on whom"),
        (set(fitted) - set(clips), "that the split does not have, but that fitted something"),
    ):
        if wrong:
            raise EvaluationError(f"folds {what}: {listed(wrong)}")
