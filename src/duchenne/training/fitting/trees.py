"""Gradient-boosted trees, as many as do best on held-out subjects.

That a value is missing, as all of an apex that never came, may tell as much as a value does. Where
training clips lack one, it is filled with a value below all that are known, so that a split can
tell it apart.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.tree import DecisionTreeRegressor

from duchenne.training.fitting import columns
from duchenne.training.fitting.base import Array, Fit, Numbers, Weights, fitted
from duchenne.training.fitting.columns import Columns
from duchenne.training.fitting.inner_folds import Given, best
from duchenne.training.fitting.probabilities import clip_weights, score, softmax

_UNTRIED = 50  # iterations, where nobody can be held out
_FEWEST = 5  # clips in a leaf: fewer are an accident
_LEAF = -1  # the child of a leaf, in scikit-learn's trees


@dataclass(frozen=True)
class Trees:
    """How many trees are grown for each class is chosen, up to `iterations`."""

    iterations: int = 100
    leaves: int = 4  # of each tree: three questions, so that columns may act together
    rate: float = 0.1
    balance: bool = True


def fit(given: Given, *, classes: int, seed: int, how: Trees) -> Fit:
    iterations, grounds = _choose(given, how, seed=seed)
    ready = ready_for_trees(given.values)
    model = boost(ready.of(given.values), given.codes, how=how, iterations=iterations, seed=seed)
    trees = node_tables(model, ready, ready.of(given.values[:1]))
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
    scored = [score(softmax(each), given.codes, balance=how.balance) for each in stages]
    won = best(scored)
    return won + 1, given.grounds(scored[won])


def node_tables(model: GradientBoostingClassifier, ready: Columns, row: Array) -> Weights:
    """Tables of nodes (trees, nodes), iteration by iteration, and the score without any tree, which
    is computed from any filled `row` (1, m). Only scikit-learn's public attributes are used."""
    trees = [_nodes(each, ready) for each in model.estimators_.flat]
    longest = max(len(tree["value"]) for tree in trees)
    stacked = {
        name: np.stack([np.pad(tree[name], (0, longest - len(tree[name]))) for tree in trees])
        for name in trees[0]
    }
    grown = np.array([[tree.predict(row)[0] for tree in stage] for stage in model.estimators_])
    base = model.decision_function(row).ravel() - model.learning_rate * grown.sum(axis=0)
    return {**stacked, "value": model.learning_rate * stacked["value"], "base": base}


def _nodes(model: DecisionTreeRegressor, ready: Columns) -> Weights:
    tree, own = model.tree_, np.arange(model.tree_.node_count)
    leaf = tree.children_left == _LEAF
    asked = np.where(leaf, 0, tree.feature)
    return {
        "feature": ready.chosen[asked],
        "left": np.where(leaf, own, tree.children_left),
        "right": np.where(leaf, own, tree.children_right),
        "threshold": tree.threshold,
        "value": tree.value[:, 0, 0],
        "missing_left": ready.fill[asked].astype(np.float32) <= tree.threshold,
    }
