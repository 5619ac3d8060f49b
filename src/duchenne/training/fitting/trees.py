"""Boosted trees, as many as do best on held-out subjects.

That a value is missing, as all of an apex that never came, may tell as much as a value does: where
training clips lack one, it lies below all that are known, so that a question can tell it apart.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from duchenne.training.fitting import columns, nodes, prior
from duchenne.training.fitting.base import Array, Fit, Numbers, fitted
from duchenne.training.fitting.classes import probabilities, score
from duchenne.training.fitting.classes import weights as clip_weights
from duchenne.training.fitting.columns import Columns
from duchenne.training.fitting.given import Given, take
from duchenne.training.fitting.inner import best
from duchenne.training.fitting.settings import Trees

_UNTRIED = 50  # iterations, where nobody can be held out
_FEWEST = 5  # clips in a leaf: fewer are an accident


def fit(
    values: Array,
    labels: Numbers,
    subjects: Sequence[str],
    *,
    classes: int,
    seed: int,
    how: Trees,
) -> Fit:
    given = take(values, labels, subjects, seed=seed)
    if given.empty:
        return prior.instead(values, labels, classes=classes, why=given.empty)
    iterations, grounds = _choose(given, how, seed=seed)
    ready = ready_for_trees(values)
    model = boost(ready.of(values), given.codes, how=how, iterations=iterations, seed=seed)
    trees = nodes.tables(model, ready, ready.of(values[:1]))
    arguments = {
        "judge": "tree_sum",
        "trees": model.estimators_.size,
        "nodes": trees["value"].shape[1],
        "depth": max(tree.get_depth() for tree in model.estimators_.flat),
        **given.shapes(classes=classes),
    }
    used = ready.chosen[np.flatnonzero(model.feature_importances_)]
    chosen = {"iterations": iterations, "columns": used.tolist(), **grounds}
    return fitted(arguments, {"present": given.present, **trees}, chosen)


def ready_for_trees(values: Array) -> Columns:
    """Neither centred nor scaled, which trees do not notice."""
    ready = columns.fit(values)
    given = values[:, ready.chosen]
    low, high = np.nanmin(given, axis=0), np.nanmax(given, axis=0)
    fill = np.where(np.isnan(given).any(axis=0), low - (high - low), ready.fill)
    return Columns(ready.chosen, fill, np.zeros_like(fill), np.ones_like(fill))


def boost(
    filled: Array, codes: Numbers, *, how: Trees, iterations: int, seed: int
) -> GradientBoostingClassifier:
    return GradientBoostingClassifier(
        n_estimators=iterations,
        learning_rate=how.rate,
        max_leaf_nodes=how.leaves,
        min_samples_leaf=_FEWEST,
        max_features="sqrt",  # trees that differ, at a tenth of the time
        random_state=int(np.random.SeedSequence(seed).generate_state(1)[0]),
    ).fit(filled, codes, sample_weight=clip_weights(codes, balance=how.balance))


def _choose(given: Given, how: Trees, *, seed: int) -> tuple[int, dict[str, Any]]:
    if not given.parts:
        return min(_UNTRIED, how.iterations), given.grounds(None)

    def scores(values: Array, codes: Numbers, held: Array) -> Array:
        ready = ready_for_trees(values)
        model = boost(ready.of(values), codes, how=how, iterations=how.iterations, seed=seed)
        return np.array(list(model.staged_decision_function(ready.of(held))))

    stages = given.held_out(scores)
    scored = [score(probabilities(each), given.codes, balance=how.balance) for each in stages]
    won = best(scored)
    return won + 1, given.grounds(scored[won])
