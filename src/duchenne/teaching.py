"""The folds of a data set as units of training, and how many of them run at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from duchenne.config.models import NEEDS
from duchenne.config.training import Train, Training, needs_motion
from duchenne.errors import TrainingError, listed
from duchenne.flow.settings import Settings, cores
from duchenne.flow.unit import Input, Outcome, Recipe, Unit, digest
from duchenne.tables.fold_spec import FoldSpec
from duchenne.tables.schemas import STILLS
from duchenne.training import gpus


def units_of(
    folds: pa.Table, clips: pa.Table, folder: Path | None, dmarkers: Path | None
) -> list[Unit]:
    """One unit per fold. `folder` holds a file for each clip, landmarks or chips, and `dmarkers` is
    the table of their D-Markers, where the model looks at them."""
    about = {row["clip"]: row for row in clips.to_pylist()}
    by_fold: dict[str, list[dict[str, str]]] = {}
    for row in folds.to_pylist():
        by_fold.setdefault(row["fold"], []).append(row)
    names = sorted({row["clip"] for rows in by_fold.values() for row in rows})
    inputs = _inputs({name: folder / f"{name}.parquet" for name in names}) if folder else {}
    table = (Input(dmarkers),) if dmarkers else ()
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
        )
        each = tuple(inputs[row["clip"]] for row in rows) if folder else ()
        units.append(Unit(fold, (*each, *table), spec._asdict()))
    return units


def teach(unit: Unit, recipe: Recipe, out: Path, unfinished: Path) -> Outcome:
    """Train one fold and write its folder."""
    from duchenne.learning import train_fold  # with torch, which takes seconds: workers alone do

    return train_fold(unit, recipe, out, unfinished)


def looked_at(
    settings: Training, *, landmarks: Path, chips: Path, dmarkers: Path
) -> tuple[Path | None, Path | None]:
    """The folder and the table that this model looks at."""
    needs = NEEDS[settings.model]
    folder = chips if needs.chip else landmarks if needs.landmarks else None
    return folder, dmarkers if needs.dmarkers or settings.fusion != "none" else None


def check_kinds(folds: pa.Table, clips: pa.Table, settings: Training) -> None:
    """Refuse to learn from photographs what only moving faces show."""
    used = set(folds["clip"].to_pylist())
    kinds = zip(clips["clip"].to_pylist(), clips["kind"].to_pylist(), strict=True)
    stills = [name for name, kind in kinds if kind in STILLS and name in used]
    if stills and (why := needs_motion(settings.model, settings.fusion, settings.window)):
        raise TrainingError(f"{listed(stills)} are photographs, and {why}")


def engine_for(settings: Settings, train: Train) -> Settings:
    """How the engine runs folds."""
    devices = gpus.count() if train.device != "cpu" else 0
    return settings.for_folds(devices=devices, threads=train.threads)


def _inputs(files: dict[str, Path]) -> dict[str, Input]:
    """Each clip's file with its digest, taken once and not for every fold."""
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
    """Names of the classes by their number; numbers without a clip keep their place."""
    names = {int(row["label"]): row["label_name"] for row in rows}
    return tuple(names.get(number, str(number)) for number in range(max(2, max(names) + 1)))
