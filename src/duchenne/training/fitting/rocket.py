"""Random convolutions of smile signals and ridge regression (MiniRocket; see duchenne.nets.rocket).

Everything that the convolutions take from data (each signal's mean and spread, the longest
dilation, the biases) is of training clips, and is taken anew inside each inner fold. The strength
of the penalty is that with the lowest log loss on held-out subjects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from duchenne.nets.rocket import KERNELS, TAPS, Convolutions, convolved
from duchenne.training.fitting import columns
from duchenne.training.fitting.base import Array, Fit, Numbers, fitted
from duchenne.training.fitting.columns import Columns
from duchenne.training.fitting.inner_folds import Given, Scores, choose_calibrated
from duchenne.training.fitting.probabilities import (
    Calibration,
    clip_weights,
    uncalibrated,
)

_STRENGTHS = (1e5, 1e4, 1e3, 1e2, 10.0)  # of the penalty: the strongest first, which wins ties
_UNTRIED = 1e3
_DILATIONS = 8  # at most; 1, 2, 4, … as far as most clips reach
_SHORT = 5.0  # % of training clips that may be shorter than the longest kernel
_GOLDEN = (5.0**0.5 + 1.0) / 2.0


@dataclass(frozen=True)
class Rocket:
    features: int = 5000  # about so many
    channels: int = 18
    balance: bool = True


class Ready(NamedTuple):
    """Convolutions and columns fitted to training clips, and the clips' features (C, m)."""

    convolutions: Convolutions
    columns: Columns
    scaled: Array

    def of(self, values: Array) -> Array:
        return self.columns.of(shares(self.convolutions, values))


def fit(given: Given, *, classes: int, seed: int, how: Rocket) -> Fit:
    strength, calibration, grounds = _choose(given, how, seed=seed)
    ready = prepared(given.values, how, seed=seed)
    [ridge] = regress(ready.scaled, given.codes, [strength], balance=how.balance)
    state = {f"convolutions.{k}": v.numpy() for k, v in ready.convolutions.state_dict().items()}
    arguments = {
        "judge": "ridge",
        "channels": how.channels,
        "dilations": len(ready.convolutions.dilations),
        "biases": ready.convolutions.biases.shape[2],
        "columns": len(ready.columns.chosen),
        **given.shapes(classes=classes),
    }
    weights = {
        "present": given.present,
        **state,
        **ready.columns.weights(),
        **ridge._asdict(),
        "slope": np.array(calibration.slope),
        "offset": calibration.offset,
    }
    return fitted(arguments, weights, {"strength": strength, **grounds})


def prepared(values: Array, how: Rocket, *, seed: int) -> Ready:
    """Fit convolutions and columns to training rows (C, channels · T)."""
    found = convolutions(values, how, seed=seed)
    given = shares(found, values)
    ready = columns.fit(given, middle=np.nanmean)
    return Ready(found, ready, ready.of(given))


def convolutions(values: Array, how: Rocket, *, seed: int) -> Convolutions:
    """Kernels of dilations that most training clips are long enough for. Each listens to some of
    the channels, and its biases are quantiles of its outputs over training clips."""
    rng = np.random.default_rng(seed)
    series = values.reshape(len(values), how.channels, -1)
    known = ~np.isnan(series)
    lengths = known.any(axis=1).sum(axis=1)
    reach = max(1.0, (np.percentile(lengths, _SHORT) - 1.0) / (TAPS - 1))
    dilations = [2**k for k in range(_DILATIONS) if 2**k <= reach]
    each = max(1, round(how.features / (KERNELS * len(dilations))))
    found = Convolutions(channels=how.channels, dilations=len(dilations), biases=each)
    mean = _mean(series, known)
    spread = np.sqrt(_mean(np.square(series - mean[:, None]), known))
    found.mean.copy_(torch.from_numpy(mean))
    found.spread.copy_(torch.from_numpy(np.where(spread > 0.0, spread, 1.0)))
    found.dilations.copy_(torch.tensor(dilations))
    found.listens.copy_(torch.from_numpy(_listens(len(dilations), how.channels, known, rng)))
    rows = found.standard(torch.from_numpy(values))
    for number, dilation in enumerate(dilations):
        if rows.shape[2] <= dilation * (TAPS - 1):
            continue  # no clip is long enough: the kernels' shares are missing
        outputs, sure = convolved(rows, dilation, found.listens[number].double())
        outputs, sure = outputs.transpose(0, 1).flatten(1), sure.transpose(0, 1).flatten(1)
        for kernel in range(KERNELS):
            steps = np.arange(1, each + 1) + each * (number * KERNELS + kernel)
            seen = outputs[kernel][sure[kernel]].numpy()
            if len(seen):
                spots = np.quantile(seen, steps * _GOLDEN % 1.0)
                found.biases[number, kernel] = torch.from_numpy(spots)
    return found


def _mean(series: Array, known: Any) -> Array:
    """(channels,): the mean of what is known of each, 0 where nothing is."""
    count = known.sum(axis=(0, 2))
    return np.asarray(np.where(known, series, 0.0).sum(axis=(0, 2)) / np.maximum(count, 1))


def _listens(dilations: int, channels: int, known: Any, rng: np.random.Generator) -> Any:
    """(dilations, 84, channels): one to nine of the channels that any clip has, few more often."""
    there = np.flatnonzero(known.any(axis=(0, 2)))
    most = min(9, len(there))
    chosen = np.zeros((dilations, KERNELS, channels), bool)
    for row in chosen.reshape(-1, channels):
        count = int(2.0 ** rng.uniform(0.0, np.log2(most + 1)))
        row[rng.choice(there, size=count, replace=False)] = True
    return chosen


def shares(convolutions: Convolutions, values: Array) -> Array:
    """Features (C, F) of rows (C, channels · T), NaN where a clip is too short for a kernel."""
    parts = np.array_split(values, max(1, len(values) // 64))  # 84 outputs a position take memory
    with torch.inference_mode():
        return np.concatenate([convolutions(torch.from_numpy(part)).numpy() for part in parts])


class Weights(NamedTuple):
    weight: Array  # (S, m)
    bias: Array  # (S,)

    def decisions(self, scaled: Array) -> Array:
        return np.asarray(scaled @ self.weight.T + self.bias)


def regress(
    scaled: Array, codes: Numbers, strengths: Sequence[float], *, balance: bool
) -> list[Weights]:
    """Weighted ridge regression of -1 and 1 for each strength; columns (C, m) are centred here.

    With more columns than clips the weights lie in the span of the clips, so that one
    decomposition of their products serves every strength.
    """
    each = clip_weights(codes, balance=balance)
    targets = 2.0 * np.eye(codes.max() + 1)[codes] - 1.0
    targets = targets[:, 1:] if codes.max() == 1 else targets
    middle, level = np.average(scaled, axis=0, weights=each), np.average(targets, 0, weights=each)
    root = np.sqrt(each)[:, None]
    rows, wanted = (scaled - middle) * root, (targets - level) * root
    values, vectors = np.linalg.eigh(rows @ rows.T)
    turned = vectors.T @ wanted
    found = []
    for strength in strengths:
        dual = vectors @ (turned / (np.maximum(values, 0.0) + strength)[:, None])
        weight = (rows.T @ dual).T
        found.append(Weights(weight, level - weight @ middle))
    return found


def _choose(given: Given, how: Rocket, *, seed: int) -> tuple[float, Calibration, dict[str, Any]]:
    if not given.parts:
        return _UNTRIED, uncalibrated(len(given.present)), given.grounds(None)
    tries = [{"strength": strength} for strength in _STRENGTHS]
    won = choose_calibrated(given, _decisions(how, seed=seed), tries, balance=how.balance)
    return _STRENGTHS[won.number], won.calibration, won.grounds


def _decisions(how: Rocket, *, seed: int) -> Scores:
    def decisions(values: Array, codes: Numbers, held: Array) -> Array:
        ready = prepared(values, how, seed=seed)
        found = regress(ready.scaled, codes, _STRENGTHS, balance=how.balance)
        rows = ready.of(held)
        return np.array([ridge.decisions(rows) for ridge in found])

    return decisions
