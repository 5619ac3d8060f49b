"""A fold's clips as training gets them, read from their tables."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from duchenne.dmarkers.names import COLUMNS
from duchenne.errors import TrainingError, listed
from duchenne.tables.crops import read_crops
from duchenne.tables.dmarkers import read_features
from duchenne.tables.fold_spec import FoldSpec
from duchenne.tables.landmarks import read_landmarks
from duchenne.training.chip_batches import ChipClip
from duchenne.training.clips import Clip


def landmark_clips(spec: FoldSpec, paths: Sequence[Path]) -> list[Clip]:
    """Clips with their landmarks, if the model looks at any, and D-Markers, if at those."""
    markers = _markers(spec, paths[-1]) if spec.dmarkers else {}
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


def _markers(
    spec: FoldSpec, table: Path
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    names, features = read_features(table)
    markers = dict(zip(names, features, strict=True))
    missing = [name for name in spec.clips if name not in markers]
    if missing:
        raise TrainingError(f"no D-Markers of {listed(missing)}; `duchenne status` says why")
    return markers
