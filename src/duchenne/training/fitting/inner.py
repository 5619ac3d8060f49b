"""Folds of the training clips' subjects, on which a fit chooses what it must not guess."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from duchenne.datasets.splits.case import Case, people_of
from duchenne.datasets.splits.spread import spread
from duchenne.training.fitting.base import Array, Numbers
from duchenne.training.fitting.classes import Scored

_PARTS = 5  # where there are subjects for so many
_DECIMALS = 6  # losses closer than this are equal, so that rounding chooses nothing

# (values and codes to learn from, values to judge) → (tries, clips, scores)
Scores = Callable[[Array, Numbers, Array], Array]


class Part(NamedTuple):
    """Numbers of clips; nobody is on both sides."""

    learns: Numbers
    held: Numbers


class Inner(NamedTuple):
    parts: tuple[Part, ...]
    lacking: str  # why there are no parts; empty where there are


def inner(codes: Numbers, subjects: Sequence[str], *, seed: int) -> Inner:
    """Five parts, or as many as the rarest class has subjects; all as alike as subjects allow,
    whatever the order of clips. Each class is learnt from in every one."""
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
    """(tries, C, S): what each clip gets from a fit without its subject."""
    each = [scores(values[part.learns], codes[part.learns], values[part.held]) for part in parts]
    order = np.concatenate([part.held for part in parts])
    return np.concatenate(each, axis=1)[:, np.argsort(order)]


def best(tried: Sequence[Scored]) -> int:
    """The number of the first with the lowest loss."""
    return int(np.argmin([round(one.log_loss, _DECIMALS) for one in tried]))
