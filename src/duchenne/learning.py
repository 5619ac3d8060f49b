"""From a fold's files to its folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from safetensors.torch import save_file

from duchenne.config.models import NEEDS
from duchenne.config.training import Training
from duchenne.flow.unit import Outcome, Recipe, Unit
from duchenne.flow.voice import say, worker_number
from duchenne.fold_clips import chip_clips, landmark_clips
from duchenne.tables import parquet, schemas
from duchenne.tables.files import write_json
from duchenne.tables.fold_files import files
from duchenne.tables.fold_spec import FoldSpec
from duchenne.training import device, standardise
from duchenne.training.allocator import keep_memory
from duchenne.training.fold import Learnt, learn
from duchenne.training.prepare import Prepared, Split, prepare, split
from duchenne.training.show_chips import show_chips
from duchenne.training.show_landmarks import show_landmarks

CHECKPOINT = "progress.safetensors"


class Done(NamedTuple):
    """What came of a fold."""

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
        published=settings.protocol == "published",
    )
    paths = [given.path for given in unit.inputs]
    keep_memory()
    with device.memory_limits():
        if NEEDS[settings.model].fitted:
            done = _fitted(spec, of, paths, settings)
        else:
            done = _trained(spec, of, paths, settings, unfinished / CHECKPOINT)
    out.mkdir()
    save_file(done.learnt.weights, files(out).weights)
    write_json(files(out).facts, _facts(spec, settings, done))
    write_json(files(out).history, done.learnt.history)
    rows = _predictions(spec, of, done.learnt)
    parquet.write(schemas.PREDICTIONS, files(out).predictions, rows, made_by=recipe.made_by())
    return Outcome()


def _trained(
    spec: FoldSpec, of: Split, paths: Sequence[Path], settings: Training, unfinished: Path
) -> Done:
    where = device.choose(settings.train.device, worker=worker_number())
    if NEEDS[settings.model].chip:
        shown = show_chips(of, chip_clips(spec, paths), settings, device=where)
    else:
        shown = show_landmarks(of, landmark_clips(spec, paths), settings, device=where)
    ready = prepare(of, shown, settings)
    learnt = learn(ready.task, unfinished=unfinished, say=say)
    count = sum(p.numel() for p in ready.task.network.parameters())
    statistics: dict[str, Any] = {
        "scale": shown.scale,
        "dmarkers": standardise.as_json(shown.markers) if shown.markers else None,
    }
    if settings.scn is not None and settings.scn.relabel:
        statistics["doubted"] = {
            clip: spec.classes[label] for clip, label in learnt.doubted.items()
        }
    return Done(learnt, ready.arguments, count, _sources(ready), statistics)


def _fitted(spec: FoldSpec, of: Split, paths: Sequence[Path], settings: Training) -> Done:
    from duchenne.training.fit import fit, fitter_of, rows_of  # networks do without scikit-learn

    clips = landmark_clips(spec, paths)
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
    if ready.shown.markers is not None:
        fitted["dmarkers"] = list(ready.shown.markers.subjects)
    if ready.shown.scale is not None:
        fitted["scale"] = list(ready.subjects)
    if ready.shown.mean_points is not None:
        fitted["mean_points"] = list(ready.subjects)
    return fitted


def _facts(spec: FoldSpec, settings: Training, done: Done) -> dict[str, Any]:
    """model.json. `fitted` names, for every statistic, the subjects that it was taken from."""
    published = settings.protocol == "published"
    return {
        "fold": spec.fold,
        "classes": list(spec.classes),
        "epoch": done.learnt.epoch,
        "epoch_chosen_on": "test" if published else "val",
        "optimistic": published,
        "parameters": done.parameters,
        "fitted": done.fitted,
        "network": done.arguments,
        "settings": settings.model_dump(mode="json", exclude_none=True),
        **done.statistics,
    }


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
