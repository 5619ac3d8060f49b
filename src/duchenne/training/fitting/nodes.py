"""Boosted trees as tables of their nodes, by what scikit-learn shows to everybody."""

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.tree import DecisionTreeRegressor

from duchenne.training.fitting.base import Array, Weights
from duchenne.training.fitting.columns import Columns

_LEAF = -1  # the child of a leaf


def tables(model: GradientBoostingClassifier, ready: Columns, row: Array) -> Weights:
    """Each (trees, nodes), iteration by iteration, and the score of no tree at all, for which any
    filled `row` (1, m) serves."""
    trees = [_table(each, ready) for each in model.estimators_.flat]
    longest = max(len(tree["value"]) for tree in trees)
    stacked = {
        name: np.stack([np.pad(tree[name], (0, longest - len(tree[name]))) for tree in trees])
        for name in trees[0]
    }
    grown = np.array([[tree.predict(row)[0] for tree in stage] for stage in model.estimators_])
    base = model.decision_function(row).ravel() - model.learning_rate * grown.sum(axis=0)
    return {**stacked, "value": model.learning_rate * stacked["value"], "base": base}


def _table(model: DecisionTreeRegressor, ready: Columns) -> Weights:
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
