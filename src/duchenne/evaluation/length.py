"""How much of a result is the length of the clips.

Where spontaneous smiles are longer than posed ones, a model may have learnt just that. So there is
what length alone reaches, what the model adds to it, and how well the model tells smiles of equal
length apart. With two classes only: with more, pairs and gain would need a reading for each class.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from duchenne.errors import EvaluationError, listed
from duchenne.evaluation.intervals import ROUNDS, Draws, Score, bounds, draw, weighted
from duchenne.evaluation.metrics import Array, Classes, ratio
from duchenne.evaluation.scores import Names, Predictions, rounded

# How much longer than the shorter of two clips the other one may be, by the end of the figure's
# name. At 25 frames a second a clip of four seconds is of equal length within two frames.
WITHIN = {"": 0.02, "_5": 0.05}
_ROUNDING = 1e-9  # 1.02 s is not more than 2 % longer than 1 s


def length_scores(
    predictions: Predictions,
    probe: Predictions | None,
    seconds: Array,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> dict[str, Any]:
    """The section `length` of data/reports/scores.json.

    `probe` are predictions of the same clips from their length alone, in the same folds. `seconds`
    (n,) are the lengths of the clips of `predictions`, NaN where not known; such clips are left
    out. `not_probed` says why where there is nothing to compare.
    """
    if predictions.classes > 2:
        return {"not_probed": "more than two classes"}
    known = np.isfinite(seconds)
    if probe is None or not known.any():
        return {"not_probed": "no length"}
    rows, lengths = predictions.only(known), seconds[known]
    if len(np.unique(rows.label)) < 2:
        return {"not_probed": "clips of one class alone have a length"}
    alone, whole = weighted(_of_clips(probe, rows)), weighted(rows)
    draws = draw(rows.subject, rounds=rounds, seed=seed)
    found: dict[str, Any] = {"clips": len(rows)}
    for name in ("balanced_accuracy", "auc"):
        found |= _figures(name, alone[name], draws)
        found |= _figures(f"gain_{name}", _difference(whole[name], alone[name]), draws)
    for end, within in WITHIN.items():
        near = near_pairs(rows, lengths, within=within)
        found |= _figures(f"pairs_auc{end}", share_in_order(rows, near), draws)
        found[f"pairs{end}"] = int(near.sum())
    chosen = matched(rows.label, lengths, rows.clip, within=WITHIN[""])
    if len(chosen):
        right = rows.predicted[chosen] == rows.label[chosen]
        found["matched_accuracy"] = rounded(float(right.mean()))
    return {**found, "matched_clips": len(chosen)}


def matched(
    label: Classes, seconds: Array, names: Names, *, within: float = WITHIN[""]
) -> npt.NDArray[np.int64]:
    """Indices of as many clips as can be paired, one posed with one spontaneous of equal length.
    A clip without a length, NaN, is in no pair.

    The longest two that fit are paired first, which gives as many pairs as there can be: a clip
    that is too long for the longest of the others fits none of them. Clips of one length are taken
    by name.
    """
    order = np.lexsort((names, seconds))
    order = order[np.isfinite(seconds[order])]
    posed, spontaneous = (order[label[order] == k].tolist() for k in (0, 1))
    found: list[int] = []
    while posed and spontaneous:
        one, other = posed[-1], spontaneous[-1]
        if _equal(seconds[one], seconds[other], within=within):
            found += [posed.pop(), spontaneous.pop()]
        elif seconds[one] > seconds[other]:
            posed.pop()
        else:
            spontaneous.pop()
    return np.array(found, np.int64)


def _equal(one: Array, other: Array, *, within: float) -> npt.NDArray[np.bool_]:
    """Whether lengths differ by at most `within` of the shorter one."""
    return np.asarray(np.abs(one - other) <= (within + _ROUNDING) * np.minimum(one, other))


def near_pairs(rows: Predictions, seconds: Array, *, within: float) -> npt.NDArray[np.bool_]:
    """(S, P): whether a spontaneous and a posed clip are of equal length."""
    spontaneous = rows.label == 1
    return _equal(seconds[spontaneous][:, None], seconds[~spontaneous], within=within)


def share_in_order(rows: Predictions, near: npt.NDArray[np.bool_]) -> Score:
    """AUC over the pairs that are `near` (S, P): the share in which the spontaneous clip has the
    higher probability. A pair weighs as much as the product of its clips."""
    spontaneous = rows.label == 1
    said = rows.probabilities[:, 1]
    ours, theirs = said[spontaneous][:, None], said[~spontaneous]
    # Weights and halves are small, and so their sums are exact in float32, which is twice as fast.
    pairs = near.astype(np.float32)
    won = pairs * ((ours > theirs) + 0.5 * (ours == theirs)).astype(np.float32)

    def share(weights: Array) -> Array:
        of_spontaneous = weights[:, spontaneous].astype(np.float32)
        part, whole = (
            ((of_spontaneous @ table) * weights[:, ~spontaneous]).sum(axis=1)
            for table in (won, pairs)
        )
        return ratio(part, whole)

    return share


def _of_clips(probe: Predictions, rows: Predictions) -> Predictions:
    """The probe's predictions of the clips of `rows`, in their order."""
    place = {clip: number for number, clip in enumerate(probe.clip.tolist())}
    missing = [clip for clip in rows.clip.tolist() if clip not in place]
    if missing:
        raise EvaluationError(
            f"data/probes.parquet: no prediction from the length of {listed(missing)}, which the "
            "model was tested on; run `dvc repro`"
        )
    return probe.only(np.array([place[clip] for clip in rows.clip.tolist()]))


def _difference(one: Score, other: Score) -> Score:
    return lambda weights: one(weights) - other(weights)


def _figures(name: str, score: Score, draws: Draws) -> dict[str, float]:
    """A score with its interval; nothing where it is undefined."""
    [value] = score(np.ones((1, len(draws.subject)))).tolist()
    if not np.isfinite(value):
        return {}
    found = {name: value, **bounds(name, draws.of(score))}
    return {each: rounded(number) for each, number in found.items()}
