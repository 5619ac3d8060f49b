"""Train one fold: from the files of its clips to the folder of its model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from safetensors.torch import save_file

from duchenne.config.models import NEEDS
from duchenne.config.training import Training
from duchenne.dmarkers.names import COLUMNS, DURATIONS
from duchenne.errors import TrainingError, listed
from duchenne.evaluation.calibration import Calibration, calibrate
from duchenne.flow.process import say, worker_number
from duchenne.flow.unit import Outcome, Recipe, Unit
from duchenne.tables import parquet
from duchenne.tables.crops import read_crops
from duchenne.tables.dmarkers import read_features, read_seconds, read_signals
from duchenne.tables.files import write_json
from duchenne.tables.landmarks import read_landmarks
from duchenne.tables.models import files
from duchenne.tables.predictions import PREDICTIONS
from duchenne.training import device, standardise
from duchenne.training.chip_batches import ChipClip
from duchenne.training.chip_inputs import prepare_chips
from duchenne.training.device import keep_memory
from duchenne.training.landmark_batches import Clip
from duchenne.training.landmark_inputs import prepare_landmarks
from duchenne.training.loop import Learnt, learn
from duchenne.training.prepare import Prepared, prepare
from duchenne.training.protocol import (
    FITTED,
    PROTOCOLS,
    FoldSpec,
    Protocol,
    Split,
    match_lengths,
    split,
)
from duchenne.training.signals import on_grid

CHECKPOINT = "progress.safetensors"
_TIMED = np.isin(COLUMNS, DURATIONS)


class Done(NamedTuple):
    """The result of a fold."""

    learnt: Learnt
    arguments: dict[str, Any]  # that the network is built from
    parameters: int
    fitted: dict[str, list[str]]  # every statistic, and the subjects that it was taken from
    statistics: dict[str, Any]


def train_fold(unit: Unit, recipe: Recipe, out: Path, unfinished: Path) -> Outcome:
    """Train one fold and write its folder."""
    spec, settings = FoldSpec(**unit.spec), cast(Training, recipe.params)
    torch.set_num_threads(settings.train.threads)
    of = split(
        spec.fold,
        spec.clips,
        roles=dict(zip(spec.clips, spec.roles, strict=True)),
        subjects=dict(zip(spec.clips, spec.subjects, strict=True)),
        classes=len(spec.classes),
        protocol=_protocol(settings),
    )
    if settings.train.match == "length":
        every, of = len(of.learns), match_lengths(of, spec)
        say(f"learns from {len(of.learns)} of {every} clips, matched in length")
    paths = [given.path for given in unit.inputs]
    keep_memory()
    with device.memory_limits():
        if NEEDS[settings.model].fitted:
            done = _fitted(spec, of, paths, settings)
        else:
            done = _trained(spec, of, paths, settings, unfinished / CHECKPOINT)
    out.mkdir()
    save_file(done.learnt.weights, files(out).weights)
    write_json(files(out).facts, _facts(spec, of, settings, done))
    write_json(files(out).history, done.learnt.history)
    rows = _predictions(spec, of, done.learnt)
    parquet.write(PREDICTIONS, files(out).predictions, rows, made_by=recipe.made_by())
    return Outcome(clock={"inference": done.learnt.inference})


def _protocol(settings: Training) -> Protocol:
    return FITTED if NEEDS[settings.model].fitted else PROTOCOLS[settings.protocol]


def _trained(
    spec: FoldSpec, of: Split, paths: Sequence[Path], settings: Training, unfinished: Path
) -> Done:
    where = device.choose(settings.train.device, worker=worker_number())
    if NEEDS[settings.model].chip:
        inputs = prepare_chips(of, chip_clips(spec, paths), settings, device=where)
    else:
        inputs = prepare_landmarks(
            of, landmark_clips(spec, paths, settings), settings, device=where
        )
    ready = prepare(of, inputs, settings)
    learnt = learn(ready.task, unfinished=unfinished, say=say)
    count = sum(p.numel() for p in ready.task.network.parameters())
    statistics: dict[str, Any] = {
        "scale": inputs.scale,
        "dmarkers": standardise.as_json(inputs.markers) if inputs.markers else None,
    }
    if settings.scn is not None and settings.scn.relabel:
        statistics["doubted"] = {
            clip: spec.classes[label] for clip, label in learnt.doubted.items()
        }
    return Done(learnt, ready.arguments, count, _sources(ready), statistics)


def _fitted(spec: FoldSpec, of: Split, paths: Sequence[Path], settings: Training) -> Done:
    from duchenne.training.fit import fit, fitter_of, rows_of  # networks do without scikit-learn

    if settings.model == "duration":
        values = _lengths(spec, paths[-1])
    elif spec.signals:
        values = _signals(spec, paths[-1])
    else:
        clips = landmark_clips(spec, paths, settings, others=True)
        values = rows_of(clips, model=settings.model, neutral_s=settings.window.neutral_s)
    found = fit(
        of,
        values,
        np.array(spec.labels),
        subjects=spec.subjects,
        fitter=fitter_of(settings),
        seed=settings.seed,
    )
    whose = {"weights": list(of.subjects)}
    return Done(found.learnt, found.arguments, found.parameters, whose, {"chosen": found.chosen})


def _sources(ready: Prepared) -> dict[str, list[str]]:
    fitted = {"weights": list(ready.subjects)}
    if ready.inputs.markers is not None:
        fitted["dmarkers"] = list(ready.inputs.markers.subjects)
    if ready.inputs.scale is not None:
        fitted["scale"] = list(ready.subjects)
    if ready.inputs.mean_points is not None:
        fitted["mean_points"] = list(ready.subjects)
    return fitted


def _facts(spec: FoldSpec, of: Split, settings: Training, done: Done) -> dict[str, Any]:
    """model.json. `fitted` names, for every statistic, the subjects that it was taken from."""
    protocol = of.protocol
    return {
        "fold": spec.fold,
        "classes": list(spec.classes),
        "epoch": done.learnt.epoch,
        "learns": list(protocol.learns),
        "epoch_chosen_on": protocol.watched,
        "optimistic": protocol.optimistic,
        "padded": settings.window.pad == "zeros",
        "learnt_from": len(of.learns),
        "parameters": done.parameters,
        "fitted": done.fitted,
        "network": done.arguments,
        **_calibration(spec, of, done),
        "settings": settings.model_dump(mode="json", exclude_none=True),
        **done.statistics,
    }


def _calibration(spec: FoldSpec, of: Split, done: Done) -> dict[str, Any]:
    """The temperature of a network, fitted to validation clips alone."""
    part = of.parts["val"]
    if of.protocol is FITTED:
        found = Calibration(1.0, "its probabilities were calibrated on inner folds of its training")
    elif "val" not in done.learnt.probabilities or of.protocol.watched != "val":
        found = Calibration(1.0, "no clips are left for it with protocol: published")
    else:
        subjects = [spec.subjects[number] for number in part]
        found = calibrate(
            done.learnt.probabilities["val"].astype(float), np.array(spec.labels)[part], subjects
        )
    return {"temperature": found.temperature, "not_calibrated": found.why}


def _predictions(spec: FoldSpec, of: Split, learnt: Learnt) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {"fold": [], "clip": [], "subject": [], "label": [], "role": []}
    for role in learnt.probabilities:
        numbers = of.parts[role].tolist()
        rows["fold"] += [spec.fold] * len(numbers)
        rows["clip"] += [spec.clips[number] for number in numbers]
        rows["subject"] += [spec.subjects[number] for number in numbers]
        rows["label"] += [spec.labels[number] for number in numbers]
        rows["role"] += [role] * len(numbers)
    found = np.concatenate(list(learnt.probabilities.values()))
    return {**rows, **{f"p_{k}": column.tolist() for k, column in enumerate(found.T)}}


def landmark_clips(
    spec: FoldSpec, paths: Sequence[Path], settings: Training, *, others: bool = False
) -> list[Clip]:
    """Clips with their landmarks, if the model looks at any, and D-Markers, if at those; with
    `others` the imported features of other names too, after the 225."""
    markers = _markers(spec, paths[-1], others=others) if spec.dmarkers else {}
    if settings.train.durations == "drop":  # absent in every clip, so that no model has them
        absent = np.flatnonzero(_TIMED)
        markers = {name: row.copy() for name, row in markers.items()}
        for row in markers.values():
            row[absent] = np.nan
    nothing = np.full(len(COLUMNS), np.nan)
    found = []
    for place, (name, label) in enumerate(zip(spec.clips, spec.labels, strict=True)):
        times, xyz = np.zeros(0), np.zeros((0, 0, 3), np.float32)
        if spec.each:
            read = read_landmarks(paths[place])
            times, xyz = read.times, read.xyz
        found.append(Clip(name, label, times, xyz, markers.get(name, nothing)))
    return found


def chip_clips(spec: FoldSpec, paths: Sequence[Path]) -> list[ChipClip]:
    found = []
    for name, label, path in zip(spec.clips, spec.labels, paths, strict=True):
        read = read_crops(path)
        found.append(ChipClip(name, label, read.times, read.seen, read.chips, read.points))
    return found


def _lengths(spec: FoldSpec, table: Path) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(C, 1): the length of each clip in s, NaN where not known."""
    seconds = read_seconds(table)
    values = np.array([[seconds.get(name, np.nan)] for name in spec.clips])
    if np.isnan(values).all():
        raise TrainingError(
            "no clip has a length in data/dmarkers.parquet, and model: duration sees nothing else; "
            "choose another model"
        )
    return values


def _signals(spec: FoldSpec, table: Path) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(C, M): the signals of each clip on a grid of true time."""
    known = read_signals(table, spec.clips)
    missing = [name for name in spec.clips if name not in known]
    if missing:
        raise TrainingError(
            f"no signals of {listed(missing)}, and model: rocket sees nothing else; D-Markers that "
            "were computed elsewhere can train model: svm and model: trees"
        )
    return np.array([on_grid(*known[name]) for name in spec.clips])


def _markers(
    spec: FoldSpec, table: Path, *, others: bool
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    names, features = read_features(table, others=others)
    markers = dict(zip(names, features, strict=True))
    missing = [name for name in spec.clips if name not in markers]
    if missing:
        raise TrainingError(f"no D-Markers of {listed(missing)}; `duchenne status` says why")
    return markers
