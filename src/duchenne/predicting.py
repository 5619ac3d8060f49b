"""Use what was trained: the mean of the folds' probabilities for a clip that was measured.

A model says what it measures, how alike a smile is to the spontaneous ones of its training set. It
cannot tell whether anybody is honest.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from duchenne import bundle
from duchenne.config.models import NEEDS
from duchenne.config.training import OF_ONE_MODEL, Training
from duchenne.dmarkers.names import COLUMNS, DURATIONS
from duchenne.errors import TrainingError, Unusable
from duchenne.evaluation.calibration import scaled
from duchenne.measuring import Measurement
from duchenne.nets import fitted as classifiers
from duchenne.nets.registry import build
from duchenne.tables.models import files
from duchenne.training import losses, standardise
from duchenne.training.fit import first_frame, predict
from duchenne.training.landmark_batches import Clip
from duchenne.training.landmark_inputs import cutter_as_trained
from duchenne.training.signals import on_grid

Probabilities = npt.NDArray[np.float64]
_SIGNALS = [
    f"{name}{side}" for name in ("lip", "eyelid", "cheek") for side in ("", "_right", "_left")
]
_CPU = torch.device("cpu")


class Fold(NamedTuple):
    """The network of one fold."""

    facts: dict[str, Any]  # model.json
    settings: Training
    network: nn.Module


@dataclass(frozen=True)
class Prediction:
    """`probability` is that of class 1 (of two; else of the likeliest), the mean over folds, `low`
    and `high` its range over them; `cannot_say` is the reason where there is none."""

    clip: str
    label: str
    probability: float
    low: float
    high: float
    cannot_say: str = ""


class Model:
    """The models of all folds of a run."""

    def __init__(self, folder: Path, *, sha256: str | None = None) -> None:
        bundle.check(folder, sha256=sha256)
        places = sorted(place for place in folder.glob("*") if (place / "model.json").is_file())
        if not places:
            raise TrainingError(f"{folder} holds no models; name the folder of a run's folds")
        self.folds = [_load(place) for place in places]
        self.settings = self.folds[0].settings
        self.classes: list[str] = self.folds[0].facts["classes"]
        if NEEDS[self.settings.model].chip:
            raise TrainingError(
                f"model: {self.settings.model} looks at pictures, which are deleted once landmarks "
                "are known; predict takes models of landmarks, signals and Duchenne Markers"
            )

    def predict(self, measured: Measurement) -> Prediction:
        """What the folds say of a clip, or why they cannot."""
        if why := _silent(measured):
            nothing = float("nan")
            return Prediction(measured.clip, "", nothing, nothing, nothing, why)
        try:
            each = self.probabilities(measured)
        except Unusable as verdict:
            nothing = float("nan")
            return Prediction(measured.clip, "", nothing, nothing, nothing, verdict.detail)
        mean = each.mean(axis=0)
        told = int(mean[1] > 0.5) if len(mean) == 2 else int(mean.argmax())
        shown = 1 if len(mean) == 2 else told
        low, high = each[:, shown].min(), each[:, shown].max()
        return Prediction(
            measured.clip, self.classes[told], float(mean[shown]), float(low), float(high)
        )

    def probabilities(self, measured: Measurement) -> Probabilities:
        """(folds, classes), each with the temperature of its fold."""
        rows = [
            scaled(_of_fold(fold, measured), float(fold.facts.get("temperature", 1.0)))
            for fold in self.folds
        ]
        return np.concatenate(rows)


def _load(folder: Path) -> Fold:
    paths = files(folder)
    try:
        facts = json.loads(paths.facts.read_text(encoding="utf-8"))
        known = dict.fromkeys(OF_ONE_MODEL) | facts["settings"]
        known["train"] = {"clip": None, "patience": None} | known["train"]  # null is left out
        settings = Training.model_validate_json(json.dumps(known))
        needs = NEEDS[settings.model]
        network = (classifiers.build(facts["network"]) if needs.fitted
                   else build(settings.model, facts["network"]))  # fmt: skip
        network.load_state_dict(load_file(paths.weights))
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
        why = " ".join(str(error).split())[:160]
        raise TrainingError(f"{folder}: this version cannot read its model ({why})") from None
    return Fold(facts, settings, network.eval())


def _silent(measured: Measurement) -> str:
    """Why nothing should be said of a clip; empty if there is no reason."""
    if measured.status == "failed" or not measured.facts.get("usable"):
        return measured.detail
    if not len(measured.smiles):
        return "no smile is found"
    return ""


def _of_fold(fold: Fold, measured: Measurement) -> Probabilities:
    """(1, classes)."""
    needs, settings = NEEDS[fold.settings.model], fold.settings
    if needs.fitted:
        row = _row(fold, measured)
        wanted = int(fold.facts["network"]["inputs"])
        if row.shape[1] != wanted:
            raise Unusable(
                "other_columns", f"the model sees {wanted} columns of a clip, and this one has "
                f"{row.shape[1]}: it was trained with imported features or other landmarks",
            )  # fmt: skip
        return np.asarray(predict(fold.network, row), np.float64)
    clip = Clip(measured.clip, 0, measured.times, measured.landmarks, _markers(fold, measured))
    given = fold.facts.get("dmarkers")
    cutter = cutter_as_trained(
        [clip], settings, fitted=standardise.from_json(given) if given else None,
        scale=fold.facts.get("scale"), device=_CPU,
    )  # fmt: skip
    points = fold.facts["network"].get("points")
    if points is not None and cutter.clips.xyz.shape[1] != points:
        raise Unusable("other_landmarks", f"the model sees {points} landmarks of another kind")
    found = []
    with torch.inference_mode():
        for batch in cutter.testing(np.array([0]), count=settings.window.test, size=16):
            logits = fold.network(batch.windows).logits
            found.append(losses.probabilities(logits.float()).numpy())
    return np.asarray(np.concatenate(found).mean(axis=0, keepdims=True), np.float64)


def _markers(fold: Fold, measured: Measurement) -> npt.NDArray[np.float64]:
    row = np.array([measured.markers[name][0].as_py() for name in COLUMNS], float)
    if fold.settings.train.durations == "drop":
        row[np.isin(COLUMNS, DURATIONS)] = np.nan
    return row


def _row(fold: Fold, measured: Measurement) -> npt.NDArray[np.float64]:
    """(1, M), what a fitted model sees of a clip."""
    settings = fold.settings
    if NEEDS[settings.model].signals:
        columns = np.column_stack([measured.signals[name].to_numpy() for name in _SIGNALS])
        return np.asarray(on_grid(measured.signals["time"].to_numpy(), columns)[None])
    match settings.model:
        case "duration":
            return np.array([[measured.facts["seconds"]]])
        case "first_frame":
            neutral = settings.window.neutral_s
            return first_frame(measured.times, measured.landmarks, neutral_s=neutral)[None]
        case "majority":
            return np.zeros((1, 0))
    return _markers(fold, measured)[None]


def load_model(folder: str | Path, *, sha256: str | None = None) -> Model:
    """The models of a run, from its folder `models/folds` or a bundle, which `sha256` pins.

    >>> load_model("models/folds").predict(duchenne.measure("smile.mp4"))  # doctest: +SKIP
    """
    return Model(Path(folder), sha256=sha256)


def rows_of(predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    """As JSON has them; what is not known is null."""
    rows = []
    for one in predictions:
        figures = {"probability": one.probability, "low": one.low, "high": one.high}
        known = {k: None if np.isnan(v) else round(v, 6) for k, v in figures.items()}
        rows.append({"clip": one.clip, "label": one.label or None, **known,
                     "cannot_say": one.cannot_say or None})  # fmt: skip
    return rows
