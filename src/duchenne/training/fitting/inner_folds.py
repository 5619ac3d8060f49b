"""Training clips and the inner folds of their subjects, on which a fit chooses its settings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from duchenne.datasets.splits.case import Case, people_of
from duchenne.datasets.splits.spread import spread
from duchenne.training.fitting import columns
from duchenne.training.fitting.base import Array, Numbers
from duchenne.training.fitting.probabilities import (
    Calibration,
    Scored,
    calibrate,
    classes_shown,
    clip_weights,
    score,
    softmax,
)

_PARTS = 5  # where there are subjects for so many
_DECIMALS = 6  # losses closer than this are equal, so that rounding chooses nothing

# (values and codes to learn from, values to predict) → (tries, clips, scores)
Scores = Callable[[Array, Numbers, Array], Array]


class Part(NamedTuple):
    """Numbers of clips; nobody is on both sides."""

    learns: Numbers
    held: Numbers


class Inner(NamedTuple):
    parts: tuple[Part, ...]
    lacking: str  # why there are no parts; empty where there are


def divide(codes: Numbers, subjects: Sequence[str], *, seed: int) -> Inner:
    """Five folds, or as many as the rarest class has subjects: as alike as subjects allow, whatever
    the order of clips. Every class is learnt from in each."""
    who = np.array(subjects)
    rarest = min(len(set(who[codes == code])) for code in range(codes.max() + 1))
    if rarest < 2:
        return Inner((), "a class is shown by one subject alone")
    people = people_of([Case("", name, int(code)) for name, code in zip(who, codes, strict=True)])
    homes = spread(people, parts=min(_PARTS, rarest), seed=seed)
    home = dict(zip(people.names, homes, strict=True))
    where = np.array([home[name] for name in subjects])
    parts = tuple(
        Part(np.flatnonzero(where != part), np.flatnonzero(where == part))
        for part in np.unique(where)
    )
    if any(len(np.unique(codes[part.learns])) <= codes.max() for part in parts):
        return Inner((), "a fold of subjects leaves no clip of a class to learn from")
    return Inner(parts, "")


def held_out(scores: Scores, values: Array, codes: Numbers, parts: Sequence[Part]) -> Array:
    """(tries, C, S): the scores of each clip by a fit without its subject."""
    each = [scores(values[part.learns], codes[part.learns], values[part.held]) for part in parts]
    order = np.concatenate([part.held for part in parts])
    return np.concatenate(each, axis=1)[:, np.argsort(order)]


def best(tried: Sequence[Scored]) -> int:
    """The number of the first with the lowest loss."""
    return int(np.argmin([round(one.log_loss, _DECIMALS) for one in tried]))


class Given(NamedTuple):
    """Training clips as every fit takes them."""

    values: Array  # (C, M)
    codes: Numbers  # (C,) 0 to K - 1
    present: Numbers  # (K,) the label of each code
    parts: tuple[Part, ...]  # inner folds; empty where there can be none
    lacking: str  # why there are none
    empty: str  # why there is nothing to fit; empty where there is

    def held_out(self, scores: Scores) -> Array:
        return held_out(scores, self.values, self.codes, self.parts)

    def shapes(self, *, classes: int) -> dict[str, int]:
        """The sizes that every classifier of these clips is built from."""
        return {
            "inputs": self.values.shape[1],
            "classes": classes,
            "present": len(self.present),
        }

    def grounds(self, scored: Scored | None) -> dict[str, Any]:
        """The scores of the choice on inner folds, or why there were none."""
        if scored is None:
            return {"fallback": f"defaults: {self.lacking}"}
        return {"inner": {"folds": len(self.parts), **scored._asdict()}}


class Choice(NamedTuple):
    """Which of the tries won on held-out subjects, its calibration there, and how all did."""

    number: int
    calibration: Calibration
    grounds: dict[str, Any]


def choose_calibrated(
    given: Given, decisions: Scores, tries: Sequence[Mapping[str, Any]], *, balance: bool
) -> Choice:
    """Of `tries`, whose decision values are `decisions`, the one with the lowest log loss once it
    is calibrated on subjects who were held out."""
    weight = clip_weights(given.codes, balance=balance)
    unseen = given.held_out(decisions)
    calibrations = [calibrate(each, given.codes, weight) for each in unseen]
    scored = [
        score(softmax(calibration.scores(each)), given.codes, balance=balance)
        for calibration, each in zip(calibrations, unseen, strict=True)
    ]
    tried = [{**what, **each._asdict()} for what, each in zip(tries, scored, strict=True)]
    won = best(scored)
    grounds = {"calibrated": calibrations[won].shown(), **given.grounds(scored[won])}
    return Choice(won, calibrations[won], {**grounds, "tried": tried})


def take(values: Array, labels: Numbers, subjects: Sequence[str], *, seed: int) -> Given:
    present, codes = classes_shown(labels)
    bare = Given(values, codes, present, (), "", "")
    if len(present) < 2:
        return bare._replace(empty="all clips are of one class")
    if not _vary(values):
        return bare._replace(empty="no column varies")
    parts, lacking = divide(codes, subjects, seed=seed)
    if not all(_vary(values[part.learns]) for part in parts):
        parts, lacking = (), "no column varies without the clips of some subjects"
    return bare._replace(parts=parts, lacking=lacking)


def _vary(values: Array) -> bool:
    """Whether any column varies. The first one mostly does."""
    return any(len(columns.fit(column[:, None]).chosen) for column in values.T)
