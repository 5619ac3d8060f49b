"""Logistic regression, the classifier of the probes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from duchenne.training.fitting import columns
from duchenne.training.fitting.base import Array, Fit, Numbers, fitted
from duchenne.training.fitting.inner_folds import Given, Scores, best
from duchenne.training.fitting.probabilities import clip_weights, score, softmax

# The simplest first, which wins where others are equal: faces have 1,434 columns, durations one.
_STRENGTHS = (1e-5, 1e-4, 0.001, 0.01, 0.1, 1.0, 10.0)
_UNTRIED = 1.0
# More columns than these are summed up in as many principal components of the training clips: a
# rigid face has some fifty ways to vary. So Newton's few steps, which take the cube of the columns,
# have a known cost. More precision than this its line search does not always reach where clips can
# be separated.
_COMPONENTS, _PASSES = 200, 4
_PRECISION, _ITERATIONS = 1e-6, 10_000


@dataclass(frozen=True)
class Logistic:
    """Settings; `auto` is chosen on inner folds of the training clips' subjects."""

    c: float | Literal["auto"] = "auto"  # inverse strength of the penalty, as in scikit-learn
    balance: bool = True


def fit(given: Given, *, classes: int, seed: int, how: Logistic) -> Fit:
    del seed  # nothing is drawn but the inner folds
    c, grounds = _choose(given, how)
    ready = columns.fit(given.values)
    [slopes] = regress(ready.of(given.values), given.codes, strengths=[c], balance=how.balance)
    arguments = {
        "judge": "linear",
        "columns": len(ready.chosen),
        **given.shapes(classes=classes),
    }
    weights = {"present": given.present, **ready.weights(), **slopes._asdict()}
    return fitted(arguments, weights, {"c": c, "columns": ready.chosen.tolist(), **grounds})


class Slopes(NamedTuple):
    weight: Array  # (S, m); S is 1 for two classes
    bias: Array  # (S,)

    def scores(self, scaled: Array) -> Array:
        """(C, S)"""
        return np.asarray(scaled @ self.weight.T + self.bias)


def regress(
    scaled: Array, codes: Numbers, *, strengths: Sequence[float], balance: bool
) -> list[Slopes]:
    """A fit for each strength, started from the one before, which takes fewer steps.

    With an L2 penalty the weights lie in the span of the clips. So where there are fewer clips than
    columns (a face has 1,434), it is fitted in that span, and never in more than 200 dimensions.
    """
    if scaled.shape[1] > min(len(scaled), _COMPONENTS):
        small = len(scaled) <= _COMPONENTS
        span = np.linalg.qr(scaled.T)[0] if small else _leading(scaled)
        inside = regress(scaled @ span, codes, strengths=strengths, balance=balance)
        return [Slopes(slopes.weight @ span.T, slopes.bias) for slopes in inside]
    model = LogisticRegression(
        solver="newton-cholesky",
        tol=_PRECISION,
        max_iter=_ITERATIONS,
        warm_start=True,
    )
    found, each = [], clip_weights(codes, balance=balance)
    for c in strengths:
        model.set_params(C=c).fit(scaled, codes, sample_weight=each)
        found.append(Slopes(model.coef_.copy(), model.intercept_.copy()))
    return found


def _leading(scaled: Array) -> Array:
    """The space of the leading principal components of centred columns (C, m): (m, 200),
    orthonormal. Found by subspace iteration: a tenth of the time of eigenvectors."""
    products = scaled.T @ scaled
    span = np.random.default_rng(0).normal(size=(scaled.shape[1], _COMPONENTS))
    for _ in range(_PASSES):
        span, _ = np.linalg.qr(products @ span)
    return np.asarray(span)


def _choose(given: Given, how: Logistic) -> tuple[float, dict[str, Any]]:
    if how.c != "auto":
        return how.c, {}
    if not given.parts:
        return _UNTRIED, given.grounds(None)
    unseen = given.held_out(_scores(balance=how.balance))
    scored = [score(softmax(each), given.codes, balance=how.balance) for each in unseen]
    tried = [{"c": c, **each._asdict()} for c, each in zip(_STRENGTHS, scored, strict=True)]
    won = best(scored)
    return _STRENGTHS[won], {**given.grounds(scored[won]), "tried": tried}


def _scores(*, balance: bool) -> Scores:
    def scores(values: Array, codes: Numbers, held: Array) -> Array:
        ready = columns.fit(values)
        learns, held_rows = ready.of(values), ready.of(held)
        tries = regress(learns, codes, strengths=_STRENGTHS, balance=balance)
        return np.array([slopes.scores(held_rows) for slopes in tries])

    return scores
