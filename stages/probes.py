"""Probe the data set: predict the label from what should not tell it, in the same folds as models.

Probes see the length of a clip or its first frames. They do not depend on the model, so they run
once for a data set and a split; `aggregate` reports their scores beside those of the model.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.clips import CLIPS, STILLS
from duchenne.tables.dmarkers import read_seconds
from duchenne.tables.folds import FOLDS
from duchenne.tables.landmarks import read_landmarks
from duchenne.tables.parquet import read, write
from duchenne.tables.predictions import PROBES
from duchenne.training.fit import PROBE, fit, rows_of
from duchenne.training.landmark_batches import Clip
from duchenne.training.protocol import FITTED, split

log = logging.getLogger("duchenne")

_NO_MARKERS = np.zeros(0)


def probe(
    folds: pa.Table,
    clips: pa.Table,
    landmarks: Path,
    *,
    seconds: Mapping[str, float],
    neutral_s: float,
) -> dict[str, list[Any]]:
    """The columns of data/probes.parquet: predictions of each probe for test clips, by fold.

    `seconds` are the lengths of the clips that have one, `neutral_s` is the resting time at the
    start of a clip, s. A clip that lacks what a probe sees has missing values; where all lack it,
    as D-Markers alone lack landmarks, the probe has no rows. Photographs have none: they have no
    length, and the face that they show is the expression itself.
    """
    about = {row["clip"]: row for row in clips.to_pylist()}
    names = sorted(set(folds["clip"].to_pylist()))
    if {about[name]["kind"] for name in names} & STILLS:
        log.info("the clips are photographs, without a length and a resting face: nothing to probe")
        return _columns([], 2)
    classes = max(2, 1 + max(about[name]["label"] for name in names))
    read = [_read(name, landmarks) for name in names if _file(name, landmarks).exists()]
    resting = rows_of(read, model="first_frame", neutral_s=neutral_s)
    seen = {
        "duration": {name: np.array([seconds[name]]) for name in names if name in seconds},
        "first_frame": dict(zip((clip.name for clip in read), resting, strict=True)),
    }
    found: list[dict[str, Any]] = []
    for what, known in seen.items():
        if not known:
            continue
        nothing = np.full_like(next(iter(known.values())), np.nan)
        rows = {name: known.get(name, nothing) for name in names}
        for fold, roles in _roles(folds).items():
            found += _rows(fold, roles, about, rows=rows, probe=what, classes=classes)
    return _columns(found, classes)


def _rows(
    fold: str,
    roles: Mapping[str, str],
    about: Mapping[str, Mapping[str, Any]],
    *,
    rows: Mapping[str, npt.NDArray[np.float64]],
    probe: str,
    classes: int,
) -> list[dict[str, Any]]:
    """Predictions of one probe for the test clips of one fold."""
    clips = sorted(roles)
    subjects = [about[name]["subject"] for name in clips]
    labels = np.array([about[name]["label"] for name in clips])
    whose = dict(zip(clips, subjects, strict=True))
    own = split(fold, clips, roles=roles, subjects=whose, classes=classes, protocol=FITTED)
    values = np.array([rows[name] for name in clips])
    done = fit(own, values, labels, subjects=subjects, fitter=PROBE)
    found = []
    for number, said in zip(own.parts["test"], done.learnt.probabilities["test"], strict=True):
        row = {"probe": probe, "fold": fold, "clip": clips[number], "subject": subjects[number]}
        row |= {"label": int(labels[number]), "role": "test"}
        found.append(row | {f"p_{k}": float(p) for k, p in enumerate(said)})
    return found


def _columns(rows: Sequence[Mapping[str, Any]], classes: int) -> dict[str, list[Any]]:
    names = ("probe", "fold", "clip", "subject", "label", "role")
    every = (*names, *(f"p_{k}" for k in range(classes)))
    return {name: [row[name] for row in rows] for name in every}


def _roles(folds: pa.Table) -> dict[str, dict[str, str]]:
    """Roles by fold and clip."""
    found: dict[str, dict[str, str]] = {}
    for row in folds.to_pylist():
        found.setdefault(row["fold"], {})[row["clip"]] = row["role"]
    return found


def _file(name: str, landmarks: Path) -> Path:
    return landmarks / f"{name}.parquet"


def _read(name: str, landmarks: Path) -> Clip:
    read = read_landmarks(_file(name, landmarks))
    return Clip(name, 0, read.times, read.xyz, _NO_MARKERS)


def run(stage: Stage) -> None:
    clips = read(CLIPS, stage.dep("data/clips.parquet"))
    folds = read(FOLDS, stage.dep("data/folds.parquet"))
    rest = stage.params.window.neutral_s
    seconds = read_seconds(stage.dep("data/dmarkers.parquet"))
    found = probe(folds, clips, stage.dep("data/landmarks"), seconds=seconds, neutral_s=rest)
    made_by = stage.recipe(None, "numpy", "scikit-learn").made_by()
    write(PROBES, stage.out("data/probes.parquet"), found, made_by=made_by)


def main() -> int:
    return execute("probes")


if __name__ == "__main__":
    raise SystemExit(main())
