"""Support vector machines on the columns that mRMR keeps, as in the systems of Dibeklioğlu et al.
(2012, 2015; from memory).

Kernel, its width, C and the number of columns are those with the lowest log loss on subjects who
were held out of everything: scaling, selection of columns, and the machines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.svm import SVC

from duchenne.training.fitting import columns
from duchenne.training.fitting.base import Array, Fit, Numbers, Weights, fitted
from duchenne.training.fitting.columns import Columns
from duchenne.training.fitting.inner_folds import Given, Scores, choose_calibrated
from duchenne.training.fitting.probabilities import (
    Calibration,
    uncalibrated,
)

_CACHE_MB = 500  # the whole kernel matrix of eight thousand clips


@dataclass(frozen=True)
class Svm:
    """Settings; `auto` is chosen on inner folds of the training clips' subjects."""

    kernel: Literal["auto", "linear", "rbf"] = "auto"
    features: int | Literal["auto"] = "auto"  # how many columns mRMR may keep
    balance: bool = True  # all classes weigh the same, however many clips they have


class Kind(NamedTuple):
    """`c` of the linear kernel and `gamma` are divided by the number of columns, so that they mean
    the same with few and with many."""

    kernel: str  # linear or rbf
    c: float
    gamma: float  # 1 is scikit-learn's "scale"; the linear kernel has none


# Simple ones first, which win where others do no better.
_FEATURES = (10, 30, 100)
_LINEAR = [Kind("linear", c, 1.0) for c in (0.1, 1.0, 10.0, 100.0)]
_RBF = [Kind("rbf", c, gamma) for gamma in (0.03, 0.1, 0.3, 1.0) for c in (1.0, 10.0, 100.0)]
_KINDS = {"linear": _LINEAR, "rbf": _RBF, "auto": [*_LINEAR, *_RBF]}
# Where nothing can be tried: the middle of each list.
_UNTRIED = {kernel: Kind("rbf" if kernel == "rbf" else "linear", 10.0, 1.0) for kernel in _KINDS}
_UNTRIED_FEATURES = 30


class Candidate(NamedTuple):
    features: int
    kind: Kind

    def shown(self) -> dict[str, Any]:
        return {"features": self.features, **self.kind._asdict()}


class Chosen(NamedTuple):
    candidate: Candidate
    calibration: Calibration
    grounds: dict[str, Any]


def fit(given: Given, *, classes: int, seed: int, how: Svm) -> Fit:
    del seed  # nothing is drawn but the inner folds
    choice = _choose(given, how) if given.parts else _untried(given, how)
    ready = select(given.values, given.codes, most=choice.candidate.features)
    scaled = ready.of(given.values)
    machines = fit_machines(choice.candidate.kind, scaled, given.codes, balance=how.balance)
    machine = machine_weights(machines, scaled)
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
    return ready.keep(columns.rank(ready.of(values), codes, most=most))


def _choose(given: Given, how: Svm) -> Chosen:
    candidates = _candidates(given, how)
    decisions = _decisions(candidates, balance=how.balance)
    tries = [candidate.shown() for candidate in candidates]
    won = choose_calibrated(given, decisions, tries, balance=how.balance)
    return Chosen(candidates[won.number], won.calibration, won.grounds)


def _decisions(candidates: Sequence[Candidate], *, balance: bool) -> Scores:
    most = max(candidate.features for candidate in candidates)

    def decisions(values: Array, codes: Numbers, held: Array) -> Array:
        ranked = select(values, codes, most=most)
        learns, held_rows = ranked.of(values), ranked.of(held)
        return np.array([
            decide(
                fit_machines(kind, learns[:, :features], codes, balance=balance),
                held_rows[:, :features],
            )
            for features, kind in candidates
        ])  # fmt: skip

    return decisions


def _candidates(given: Given, how: Svm) -> list[Candidate]:
    asked = _FEATURES if how.features == "auto" else (how.features,)
    counts = sorted({min(features, _usable(given)) for features in asked})
    return [Candidate(features, kind) for kind in _KINDS[how.kernel] for features in counts]


def _untried(given: Given, how: Svm) -> Chosen:
    features = _UNTRIED_FEATURES if how.features == "auto" else how.features
    candidate = Candidate(min(features, _usable(given)), _UNTRIED[how.kernel])
    return Chosen(candidate, uncalibrated(len(given.present)), given.grounds(None))


def _usable(given: Given) -> int:
    return len(columns.fit(given.values).chosen)


def fit_machines(kind: Kind, scaled: Array, codes: Numbers, *, balance: bool) -> list[SVC]:
    """One machine for two classes, else one for each class against the rest, fitted to standardised
    columns (C, m)."""
    columns = scaled.shape[1]
    targets = range(1, 2) if codes.max() == 1 else range(codes.max() + 1)
    return [
        SVC(
            kernel=kind.kernel,
            C=kind.c / columns if kind.kernel == "linear" else kind.c,
            gamma=kind.gamma / columns,
            class_weight="balanced" if balance else None,
            cache_size=_CACHE_MB,
        ).fit(scaled, codes == target)
        for target in targets
    ]


def decide(machines: list[SVC], scaled: Array) -> Array:
    """(C, S): positive on the side of a machine's own class."""
    return np.column_stack([machine.decision_function(scaled) for machine in machines])


def machine_weights(machines: list[SVC], scaled: Array) -> Weights:
    """The weights of machines that were fitted to these clips; all share the support vectors."""
    dual = np.zeros((len(machines), len(scaled)))
    for row, machine in zip(dual, machines, strict=True):
        row[machine.support_] = machine.dual_coef_[0]
    support = np.flatnonzero(dual.any(axis=0))
    linear = machines[0].kernel == "linear"
    return {
        "vectors": scaled[support],
        "dual": dual[:, support],
        "intercept": np.array([machine.intercept_[0] for machine in machines]),
        "gamma": np.array(1.0 if linear else machines[0].gamma),
    }
