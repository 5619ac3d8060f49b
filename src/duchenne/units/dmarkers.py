"""Duchenne Markers of one clip: signals, blinks, smiles, phases and 225 features, in true time."""

from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from duchenne.config.params import DMarkers
from duchenne.dmarkers.extract import Markers, extract
from duchenne.dmarkers.names import PHASES
from duchenne.errors import Unusable
from duchenne.face import topology
from duchenne.flow.unit import Outcome, Recipe, Unit
from duchenne.tables import parquet
from duchenne.tables.blinks import BLINKS, blink_rows
from duchenne.tables.dmarkers import (
    PACKED,
    SIGNALS,
    row_of,
)
from duchenne.tables.events import EVENTS, rows_of
from duchenne.tables.landmarks import read_landmarks


class Files(NamedTuple):  # in the folder of a unit
    signals: Path
    dmarkers: Path
    events: Path
    blinks: Path


def mark(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the signals and D-Markers of one clip."""
    return write_markers(unit.name, unit.inputs[0].path, out, recipe=recipe)


def files(folder: Path) -> Files:
    return Files(*(folder / f"{name}.parquet" for name in Files._fields))


def write_markers(clip: str, landmarks: Path, folder: Path, *, recipe: Recipe) -> Outcome:
    """Compute signals and D-Markers of one clip from its landmarks."""
    times, frames, xyz, out = read_landmarks(landmarks)
    params = cast(DMarkers, recipe.params)
    shape = topology.with_points(xyz.shape[1])
    legacy = params.lip_corners == "legacy"
    if legacy and shape is not topology.MESH:
        raise Unusable("unknown_landmarks", "legacy lip corners exist in the 478-point mesh alone")
    found = extract(
        xyz,
        times,
        topology=shape,
        neutral_s=params.neutral_s,
        smoothing=params.smooth,
        rest=params.rest,
        rule=params.phases,
        which=params.which,
        blinks=params.blinks,
        legacy_lips=legacy,
        out=out,
    )
    folder.mkdir()
    places, made_by = files(folder), recipe.made_by()
    phase, smiles, rest = found.phase(times), found.smiles, found.rest
    rows = {"clip": [clip] * len(times), "frame": frames, "time": times, "phase": phase}
    for name, signal in found.signals._asdict().items():
        rows |= {name: signal.mean, f"{name}_right": signal.right, f"{name}_left": signal.left}
    of_clip = {"seconds": times[-1] - times[0], "amplitude": found.amplitude,
               "noise": smiles.noise, "smiles": len(smiles.events), "rest": rest.kind,
               "rest_start": rest.start, "rest_end": rest.end}  # fmt: skip
    row = row_of(
        clip, found.features, bounds=found.bounds, of_clip=of_clip, phase=phase, frames=frames
    )
    parquet.write(SIGNALS, places.signals, rows, made_by=made_by)
    parquet.write(PACKED, places.dmarkers, row, made_by=made_by)
    parquet.write(EVENTS, places.events, rows_of(clip, found), made_by=made_by)
    parquet.write(BLINKS, places.blinks, blink_rows(clip, found.blinks), made_by=made_by)
    return _verdict(found, no_smile=params.phases == "events" and found.chosen is None)


def _verdict(found: Markers, *, no_smile: bool) -> Outcome:
    """What is missing of a clip, the gravest first; it has not failed."""
    no = [phase for phase, bounds in zip(PHASES, found.bounds, strict=True) if np.isnan(bounds[0])]
    pull, noise, out = found.amplitude, found.smiles.noise, " and ".join(found.absent)
    cases = (
        ("mouth" in found.absent, "partial", "outside",
         "the mouth lies outside the picture, so nothing is known of a smile"),
        (no_smile, "partial", "no_smile", "no smile: the lip corners' highest pull is "
         f"{pull:.3f} resting mouth widths, their noise {noise:.3f}"),
        ("onset" in no or "offset" in no, "partial", f"no_{''.join(no[:1])}",
         f"the clip has no {' and no '.join(no)}"),
        (bool(out), "partial", "outside", f"the {out} lie outside the picture: no features"),
        (bool(np.isnan(found.signals.cheek.right).all()), "partial", "no_cheeks",
         "these landmarks have no points on the cheeks"),
        (bool(no), "ok", "no_apex", "the lips fall as soon as they have risen"),
    )  # fmt: skip
    return next((Outcome(*what) for holds, *what in cases if holds), Outcome())  # type: ignore[arg-type]
