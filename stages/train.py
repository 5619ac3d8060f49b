"""Train one model per fold, on subjects that it is not tested on.

A unit is a fold. Folds run in parallel on all GPUs or cores, and a killed one resumes from its
checkpoint. engine.yaml has the number of folds at a time, which changes no result.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from duchenne.config.models import NEEDS
from duchenne.config.training import Train, Training, needs_motion
from duchenne.errors import TrainingError, listed
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.settings import Settings, cores
from duchenne.flow.unit import Input, Outcome, Recipe, Unit, digest
from duchenne.pipeline.clips import group_columns
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS, STILLS
from duchenne.tables.dmarkers import read_seconds
from duchenne.tables.files import write_csv
from duchenne.tables.folds import FOLDS
from duchenne.tables.models import files
from duchenne.tables.parquet import read
from duchenne.tables.predictions import PREDICTIONS
from duchenne.training import gpus
from duchenne.training.protocol import FoldSpec

LIBRARIES = ("numpy", "safetensors", "scikit-learn", "torch", "vidaug")


def units_of(
    folds: pa.Table,
    clips: pa.Table,
    folder: Path | None,
    dmarkers: Path | None,
    signals: Path | None = None,
    *,
    seconds: Mapping[str, float] | None = None,
) -> list[Unit]:
    """One unit per fold.

    `folder` has a file of landmarks or chips for each clip, `dmarkers` and `signals` are tables of
    all; each is None if the model does not use it, and it uses one table at most. `seconds` are
    lengths to match clips by.
    """
    about = {row["clip"]: row for row in clips.to_pylist()}
    by_fold: dict[str, list[dict[str, str]]] = {}
    for row in folds.to_pylist():
        by_fold.setdefault(row["fold"], []).append(row)
    names = sorted({row["clip"] for rows in by_fold.values() for row in rows})
    inputs = _inputs({name: folder / f"{name}.parquet" for name in names}) if folder else {}
    table = tuple(Input(path) for path in (dmarkers, signals) if path)
    classes = _classes([about[name] for name in names])
    units = []
    for fold, rows in by_fold.items():
        own = [about[row["clip"]] for row in rows]
        spec = FoldSpec(
            fold=fold,
            clips=tuple(row["clip"] for row in rows),
            roles=tuple(row["role"] for row in rows),
            labels=tuple(row["label"] for row in own),
            subjects=tuple(row["subject"] for row in own),
            classes=classes,
            each=folder is not None,
            dmarkers=dmarkers is not None,
            signals=signals is not None,
            seconds=() if seconds is None else tuple(seconds.get(row["clip"]) for row in rows),
        )
        each = tuple(inputs[row["clip"]] for row in rows) if folder else ()
        units.append(Unit(fold, (*each, *table), spec._asdict()))
    return units


def train_fold_unit(unit: Unit, recipe: Recipe, out: Path, unfinished: Path) -> Outcome:
    from duchenne.training.fold import train_fold  # it imports torch, which only workers need

    return train_fold(unit, recipe, out, unfinished)


def needed_data(
    settings: Training, *, landmarks: Path, chips: Path, dmarkers: Path, signals: Path
) -> tuple[Path | None, Path | None, Path | None]:
    """The folder (landmarks or chips) and the tables (D-Markers, signals) that the model uses."""
    needs = NEEDS[settings.model]
    folder = chips if needs.chip else landmarks if needs.landmarks else None
    markers = dmarkers if needs.dmarkers or settings.fusion != "none" else None
    return folder, markers, signals if needs.signals else None


def check_kinds(folds: pa.Table, clips: pa.Table, settings: Training) -> None:
    """Refuse photographs if the model or its input needs motion."""
    used = set(folds["clip"].to_pylist())
    kinds = zip(clips["clip"].to_pylist(), clips["kind"].to_pylist(), strict=True)
    stills = [name for name, kind in kinds if kind in STILLS and name in used]
    if stills and (why := needs_motion(settings.model, settings.fusion, settings.window)):
        raise TrainingError(f"{listed(stills)} are photographs, and {why}")


def engine_for(settings: Settings, train: Train) -> Settings:
    """The engine's settings for folds: as many at a time as fit on the GPUs or cores."""
    devices = gpus.count() if train.device != "cpu" else 0
    return settings.for_folds(devices=devices, threads=train.threads)


def _inputs(files: dict[str, Path]) -> dict[str, Input]:
    """The input of each clip, with a digest that is computed once for all folds."""
    missing = [name for name, path in files.items() if not path.exists()]
    if missing:
        [folder] = {path.parent.name for path in files.values()}
        raise TrainingError(
            f"{listed(missing)} have no {folder}, and this model needs them; clips that are "
            "D-Markers alone can train model: svm and model: trees, and landmarks without a video "
            "all models but those that look at pictures"
        )
    with ThreadPoolExecutor(cores()) as pool:
        digests = list(pool.map(digest, files.values()))
    return {
        name: Input(path, sha256)
        for (name, path), sha256 in zip(files.items(), digests, strict=True)
    }


def _classes(rows: list[dict[str, str]]) -> tuple[str, ...]:
    """Names of the classes by number; a class without clips is named by its number."""
    names = {int(row["label"]): row["label_name"] for row in rows}
    return tuple(names.get(number, str(number)) for number in range(max(2, max(names) + 1)))


def merge_predictions(
    folders: Sequence[Path], clips: pa.Table, target: Path, *, groups: Sequence[str], recipe: Recipe
) -> None:
    """Write data/predictions.parquet: predictions of all folds, with the group columns."""
    parts = [parquet.read(PREDICTIONS, files(folder).predictions) for folder in folders]
    whole = pa.concat_tables(parts)
    place = {name: number for number, name in enumerate(clips["clip"].to_pylist())}
    order = [place[name] for name in whole["clip"].to_pylist()]
    for group in groups:
        whole = whole.append_column(group, clips[group].take(order))
    parquet.write(PREDICTIONS, target, whole, made_by=recipe.made_by())


def merge_history(folders: Sequence[Path], target: Path) -> None:
    """Write data/history.csv: a row for each epoch of each fold."""
    rows: list[Mapping[str, Any]] = []
    for folder in folders:
        chosen = json.loads(files(folder).facts.read_text(encoding="utf-8"))["epoch"]
        for row in json.loads(files(folder).history.read_text(encoding="utf-8")):
            rows.append({**row, "chosen": int(row["epoch"] == chosen)})
    write_csv(target, list(rows[0]), rows)


def run(stage: Stage) -> None:
    settings = Training.of(stage.params)
    clips = read(CLIPS, stage.dep("data/clips.parquet"))
    folds = read(FOLDS, stage.dep("data/folds.parquet"))
    check_kinds(folds, clips, settings)
    folders_of = {"landmarks": stage.dep("data/landmarks"), "chips": stage.dep("data/crops")}
    dmarkers, signals = stage.dep("data/dmarkers.parquet"), stage.dep("data/signals.parquet")
    needed = needed_data(settings, **folders_of, dmarkers=dmarkers, signals=signals)
    lengths = read_seconds(dmarkers) if settings.train.match == "length" else None
    recipe = stage.recipe(settings, *LIBRARIES, writes=PREDICTIONS)
    places = Places(stage.out("models/folds"), "", stage.out("data/status/train.parquet"))
    rows = fan_out(
        train_fold_unit,
        units_of(folds, clips, *needed, seconds=lengths),
        recipe=recipe,
        places=places,
        settings=engine_for(stage.engine, settings.train),
        max_failed=0.0,
        resumes=True,
    )
    folders = [places.of(row.unit) for row in rows]
    predictions = stage.out("data/predictions.parquet")
    merge_predictions(folders, clips, predictions, groups=group_columns(clips), recipe=recipe)
    merge_history(folders, stage.out("data/history.csv"))


def main() -> int:
    return execute("train")


if __name__ == "__main__":
    raise SystemExit(main())
