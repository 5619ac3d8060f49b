"""Support vector machines of one kind: a single one for two classes, else one for each class
against the rest.
"""

from typing import NamedTuple

import numpy as np
from sklearn.svm import SVC

from duchenne.training.fitting.base import Array, Numbers, Weights

_CACHE_MB = 500  # the whole kernel matrix of eight thousand clips


class Kind(NamedTuple):
    """`c` of the linear kernel and `gamma` are divided by the number of columns, so that they mean
    the same with few and with many."""

    kernel: str  # linear or rbf
    c: float
    gamma: float  # 1 is scikit-learn's "scale"; the linear kernel has none


def grow(kind: Kind, scaled: Array, codes: Numbers, *, balance: bool) -> list[SVC]:
    """Fitted to standardised columns (C, m)."""
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
    """(C, S): positive where a machine says yes."""
    return np.column_stack([machine.decision_function(scaled) for machine in machines])


def weights(machines: list[SVC], scaled: Array) -> Weights:
    """What decides, in the machines that were fitted to these clips."""
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
