"""Support vector machines on the columns that mRMR keeps, as in the systems of Dibeklioğlu et al.
(2012, 2015; from memory).

Kernel, its width, C and the number of columns are those with the lowest log loss on subjects who
were held out of everything: of ready columns, of their ranking, of the machines.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from duchenne.training.fitting import calibrate, columns, machines, mrmr, prior
from duchenne.training.fitting.base import Array, Fit, Numbers, fitted
from duchenne.training.fitting.calibrate import Calibration
from duchenne.training.fitting.classes import probabilities, score
from duchenne.training.fitting.classes import weights as clip_weights
from duchenne.training.fitting.columns import Columns
from duchenne.training.fitting.given import Given, take
from duchenne.training.fitting.inner import Scores, best
from duchenne.training.fitting.machines import Kind
from duchenne.training.fitting.settings import Svm

# Simple ones first, which win where others do no better.
_FEATURES = (10, 30, 100)
_LINEAR = [Kind("linear", c, 1.0) for c in (0.1, 1.0, 10.0, 100.0)]
_RBF = [Kind("rbf", c, gamma) for gamma in (0.3, 1.0) for c in (1.0, 10.0, 100.0)]
_KINDS = {"linear": _LINEAR, "rbf": _RBF, "auto": [*_LINEAR, *_RBF]}
# Where nothing can be tried: the middle of each list.
_UNTRIED = {kernel: Kind("rbf" if kernel == "rbf" else "linear", 10.0, 1.0) for kernel in _KINDS}
_UNTRIED_FEATURES = 30


class Candidate(NamedTuple):
    features: int
    kind: Kind

    def shown(self) -> dict[str, Any]:
        return {"features": self.features, **self.kind._asdict()}


class Choice(NamedTuple):
    candidate: Candidate
    calibration: Calibration
    grounds: dict[str, Any]


def fit(
    values: Array,
    labels: Numbers,
    subjects: Sequence[str],
    *,
    classes: int,
    seed: int,
    how: Svm,
) -> Fit:
    given = take(values, labels, subjects, seed=seed)
    if given.empty:
        return prior.instead(values, labels, classes=classes, why=given.empty)
    choice = _choose(given, how) if given.parts else _untried(given, how)
    ready = select(values, given.codes, most=choice.candidate.features)
    scaled = ready.of(values)
    grown = machines.grow(choice.candidate.kind, scaled, given.codes, balance=how.balance)
    machine = machines.weights(grown, scaled)
    arguments = {
        "judge": "kernel_machine",
        "kernel": choice.candidate.kind.kernel,
        "columns": len(ready.chosen),
        "vectors": len(machine["vectors"]),
        **given.shapes(classes=classes),
    }
    weights = {
        "present": given.present,
        **ready.weights(),
        **machine,
        "slope": np.array(choice.calibration.slope),
        "offset": choice.calibration.offset,
    }
    chosen = {**choice.candidate.shown(), "columns": ready.chosen.tolist(), **choice.grounds}
    return fitted(arguments, weights, chosen)


def select(values: Array, codes: Numbers, *, most: int) -> Columns:
    """The columns that mRMR keeps, the best first."""
    ready = columns.fit(values)
    return ready.keep(mrmr.rank(ready.of(values), codes, most=most))


def _choose(given: Given, how: Svm) -> Choice:
    candidates = _candidates(given, how)
    weight = clip_weights(given.codes, balance=how.balance)
    unseen = given.held_out(_decisions(candidates, balance=how.balance))
    calibrations = [calibrate.fit(each, given.codes, weight) for each in unseen]
    scored = [
        score(probabilities(calibration.scores(each)), given.codes, balance=how.balance)
        for calibration, each in zip(calibrations, unseen, strict=True)
    ]
    tried = [
        {**candidate.shown(), **each._asdict()}
        for candidate, each in zip(candidates, scored, strict=True)
    ]
    won = best(scored)
    grounds = {"calibrated": calibrations[won].shown(), **given.grounds(scored[won])}
    return Choice(candidates[won], calibrations[won], {**grounds, "tried": tried})


def _decisions(candidates: Sequence[Candidate], *, balance: bool) -> Scores:
    most = max(candidate.features for candidate in candidates)

    def decisions(values: Array, codes: Numbers, held: Array) -> Array:
        ranked = select(values, codes, most=most)
        learns, judged = ranked.of(values), ranked.of(held)
        return np.array([
            machines.decide(
                machines.grow(kind, learns[:, :features], codes, balance=balance),
                judged[:, :features],
            )
            for features, kind in candidates
        ])  # fmt: skip

    return decisions


def _candidates(given: Given, how: Svm) -> list[Candidate]:
    asked = _FEATURES if how.features == "auto" else (how.features,)
    counts = sorted({min(features, _usable(given)) for features in asked})
    return [Candidate(features, kind) for kind in _KINDS[how.kernel] for features in counts]


def _untried(given: Given, how: Svm) -> Choice:
    features = _UNTRIED_FEATURES if how.features == "auto" else how.features
    candidate = Candidate(min(features, _usable(given)), _UNTRIED[how.kernel])
    return Choice(candidate, calibrate.none(len(given.present)), given.grounds(None))


def _usable(given: Given) -> int:
    return len(columns.fit(given.values).chosen)
