"""From stored landmarks to a fold's folder, and from all folders to two tables."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import torch
from safetensors.torch import save_file

from duchenne import schemas, tables
from duchenne.dmarkers.names import COLUMNS
from duchenne.errors import TrainingError, listed
from duchenne.files import write_csv, write_json
from duchenne.flow.unit import Outcome, Recipe, Unit
from duchenne.flow.voice import say, worker_number
from duchenne.fold_files import files
from duchenne.landmark_clips import read_landmarks
from duchenne.markers import read_features
from duchenne.params import Training
from duchenne.training import device, standardise
from duchenne.training.clips import Clip
from duchenne.training.fold import Learnt, learn
from duchenne.training.prepare import Prepared, prepare

CHECKPOINT = "progress.safetensors"


class FoldSpec(NamedTuple):
    """What a fold's unit must know beside its files: everything is by clip, in their order."""

    fold: str
    clips: tuple[str, ...]
    roles: tuple[str, ...]
    labels: tuple[int, ...]
    subjects: tuple[str, ...]
    classes: tuple[str, ...]  # names of the classes, by number


def train_fold(unit: Unit, recipe: Recipe, out: Path, unfinished: Path) -> Outcome:
    """Train one fold and write its folder."""
    spec, settings = FoldSpec(**unit.spec), cast(Training, recipe.params)
    where = device.choose(settings.train.device, worker=worker_number())
    torch.set_num_threads(settings.train.threads)
    paths = [given.path for given in unit.inputs]
    with device.memory_limits():
        ready = prepare(
            spec.fold,
            _clips(spec, paths),
            roles=dict(zip(spec.clips, spec.roles, strict=True)),
            subjects=dict(zip(spec.clips, spec.subjects, strict=True)),
            classes=len(spec.classes),
            settings=settings,
            device=where,
        )
        learnt = learn(ready.task, unfinished=unfinished / CHECKPOINT, say=say)
    out.mkdir()
    save_file(learnt.weights, files(out).weights)
    write_json(files(out).facts, _facts(spec, settings, ready, learnt))
    write_json(files(out).history, learnt.history)
    rows = _predictions(spec, ready, learnt)
    tables.write(schemas.PREDICTIONS, files(out).predictions, rows, made_by=recipe.made_by())
    return Outcome()


def _clips(spec: FoldSpec, paths: Sequence[Path]) -> list[Clip]:
    """Landmarks of every clip and, where a table of them is given last, its D-Markers."""
    markers = {}
    if len(paths) > len(spec.clips):
        names, features = read_features(paths[-1])
        markers = dict(zip(names, features, strict=True))
        missing = [name for name in spec.clips if name not in markers]
        if missing:
            raise TrainingError(f"no D-Markers of {listed(missing)}; `duchenne status` says why")
    nothing = np.full(len(COLUMNS), np.nan)
    found = []
    for name, label, path in zip(spec.clips, spec.labels, paths, strict=False):
        read = read_landmarks(path)
        found.append(Clip(name, label, read.times, read.xyz, markers.get(name, nothing)))
    return found


def _facts(spec: FoldSpec, settings: Training, ready: Prepared, learnt: Learnt) -> dict[str, Any]:
    """model.json. `fitted` names, for every statistic, the subjects that it was taken from."""
    published = settings.protocol == "published"
    fitted = {"weights": list(ready.subjects)}
    if ready.markers is not None:
        fitted["dmarkers"] = list(ready.markers.subjects)
    if ready.scale is not None:
        fitted["scale"] = list(ready.subjects)
    return {
        "fold": spec.fold,
        "classes": list(spec.classes),
        "epoch": learnt.epoch,
        "epoch_chosen_on": "test" if published else "val",
        "optimistic": published,
        "parameters": sum(p.numel() for p in ready.task.network.parameters()),
        "fitted": fitted,
        "network": asdict(ready.network),
        "settings": settings.model_dump(mode="json"),
        "scale": ready.scale,
        "dmarkers": standardise.as_json(ready.markers) if ready.markers else None,
    }


def _predictions(spec: FoldSpec, ready: Prepared, learnt: Learnt) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {"fold": [], "clip": [], "subject": [], "label": [], "role": []}
    subjects = dict(zip(spec.clips, spec.subjects, strict=True))
    labels = dict(zip(spec.clips, spec.labels, strict=True))
    parts = {"val": ready.task.val, "test": ready.task.test}
    for role in learnt.probabilities:
        names = [ready.task.cutter.clips.names[number] for number in parts[role]]
        rows["fold"] += [spec.fold] * len(names)
        rows["clip"] += names
        rows["subject"] += [subjects[name] for name in names]
        rows["label"] += [labels[name] for name in names]
        rows["role"] += [role] * len(names)
    found = np.concatenate(list(learnt.probabilities.values()))
    return {**rows, **{f"p_{k}": column.tolist() for k, column in enumerate(found.T)}}


def merge_predictions(
    folders: Sequence[Path], clips: pa.Table, target: Path, *, groups: Sequence[str], recipe: Recipe
) -> None:
    """data/predictions.parquet: all folds' predictions with the clips' groups."""
    parts = [tables.read(schemas.PREDICTIONS, files(folder).predictions) for folder in folders]
    whole = pa.concat_tables(parts)
    place = {name: number for number, name in enumerate(clips["clip"].to_pylist())}
    order = [place[name] for name in whole["clip"].to_pylist()]
    for group in groups:
        whole = whole.append_column(group, clips[group].take(order))
    tables.write(schemas.PREDICTIONS, target, whole, made_by=recipe.made_by())


def merge_history(folders: Sequence[Path], target: Path) -> None:
    """data/history.csv: a row for each epoch of each fold."""
    rows: list[Mapping[str, Any]] = []
    for folder in folders:
        chosen = json.loads(files(folder).facts.read_text(encoding="utf-8"))["epoch"]
        for row in json.loads(files(folder).history.read_text(encoding="utf-8")):
            rows.append({**row, "chosen": int(row["epoch"] == chosen)})
    write_csv(target, list(rows[0]), rows)
