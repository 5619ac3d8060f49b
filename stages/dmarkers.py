"""Duchenne Markers: signals, blinks, smiles, phases and 225 features of every clip, in true time.

A unit is a clip. D-Markers computed elsewhere are kept; photographs have none. Plots use labels.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import pyarrow as pa

from duchenne.config.params import DMarkers
from duchenne.dmarkers.extract import Markers, extract
from duchenne.dmarkers.names import PHASES
from duchenne.errors import Unusable
from duchenne.face import topology
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.pipeline import clips
from duchenne.pipeline.smiles import write_plots
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables import parquet
from duchenne.tables.blinks import BLINKS, blink_rows
from duchenne.tables.clips import CLIPS
from duchenne.tables.dmarkers import (
    DMARKERS,
    PACKED,
    SIGNALS,
    given_row,
    read_given,
    row_of,
    unpacked,
)
from duchenne.tables.events import EVENTS, rows_of
from duchenne.tables.landmarks import read_landmarks
from duchenne.tables.parquet import read

GROUP = 256  # clips whose tables are joined at once


class _Files(NamedTuple):
    """The files in the folder of a unit."""

    signals: Path
    dmarkers: Path
    events: Path
    blinks: Path


def mark(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the signals and D-Markers of one clip."""
    write = write_given if unit.spec["kind"] == clips.DMARKERS else write_markers
    return write(unit.name, unit.inputs[0].path, out, recipe=recipe)


def unit_of(clip: clips.Clip, *, landmarks: Path, raw: Path) -> Unit:
    """The unit of a clip: its landmarks, or its file of D-Markers in the folder `raw`."""
    made = landmarks / f"{clip['clip']}.parquet"
    file = clips.file_of(clip, raw) if clip["kind"] == clips.DMARKERS else made
    return Unit(clip["clip"], (Input(file),), {"kind": clip["kind"], "clip": clip["clip"]})


def files(folder: Path) -> _Files:
    """Paths of the files in the folder of a unit."""
    return _Files(*(folder / f"{name}.parquet" for name in _Files._fields))


def write_markers(clip: str, landmarks: Path, folder: Path, *, recipe: Recipe) -> Outcome:
    """Compute signals and D-Markers of one clip from its landmarks."""
    times, frames, xyz = read_landmarks(landmarks)
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


def write_given(clip: str, file: Path, folder: Path, *, recipe: Recipe) -> Outcome:
    """Copy D-Markers that were computed elsewhere from a `.dmarkers` file; no signals or blinks."""
    given = read_given(file)
    folder.mkdir()
    places = files(folder)
    empty = (SIGNALS, places.signals), (EVENTS, places.events), (BLINKS, places.blinks)
    for table, place in empty:
        parquet.write(table, place, table.schema.empty_table(), made_by=recipe.made_by())
    parquet.write(PACKED, places.dmarkers, given_row(clip, given), made_by=recipe.made_by())
    return Outcome("ok", "", "computed elsewhere")


def merge(folders: Sequence[Path], outs: _Files, *, recipe: Recipe) -> None:
    """Join the tables of all units into one each of signals, D-Markers, smiles and blinks."""
    made_by = recipe.made_by()
    with (
        parquet.Writer(SIGNALS, outs.signals, made_by=made_by) as whole,
        parquet.Writer(EVENTS, outs.events, made_by=made_by) as smiles,
        parquet.Writer(BLINKS, outs.blinks, made_by=made_by) as blinks,
    ):
        for start in range(0, len(folders), GROUP):
            group = [files(folder) for folder in folders[start : start + GROUP]]
            whole.append(_together(SIGNALS, [each.signals for each in group]))
            smiles.append(_together(EVENTS, [each.events for each in group]))
            blinks.append(_together(BLINKS, [each.blinks for each in group]))
    rows = unpacked(_together(PACKED, [files(folder).dmarkers for folder in folders]))
    parquet.write(DMARKERS, outs.dmarkers, rows, made_by=made_by)


def _together(table: parquet.Table, parts: Sequence[Path]) -> pa.Table:
    read = (parquet.read(table, part) for part in parts)
    return pa.concat_tables([table.schema.empty_table(), *read])


def _verdict(found: Markers, *, no_smile: bool) -> Outcome:
    """Report missing phases or cheeks; the clip has not failed."""
    if no_smile:
        pull, noise = found.amplitude, found.smiles.noise
        return Outcome("partial", "no_smile", f"no smile: the lip corners' highest pull is "
                       f"{pull:.3f} resting mouth widths, their noise {noise:.3f}")  # fmt: skip
    absent = [phase for phase, bounds in zip(PHASES, found.bounds, strict=True)
              if np.isnan(bounds[0])]  # fmt: skip
    if "onset" in absent or "offset" in absent:
        return Outcome("partial", f"no_{absent[0]}", f"the clip has no {' and no '.join(absent)}")
    if np.isnan(found.signals.cheek.right).all():
        return Outcome("partial", "no_cheeks", "these landmarks have no points on the cheeks")
    if absent:
        return Outcome("ok", "no_apex", "the lips fall as soon as they have risen")
    return Outcome()


def run(stage: Stage) -> None:
    places = {"landmarks": stage.dep("data/landmarks"), "raw": stage.dep("data/raw/${dataset}")}
    table = read(CLIPS, stage.dep("data/clips.parquet"))
    before = read_status(stage.dep("data/status/normalize.parquet"))
    passed = {row.unit: row for row in clips.unmoving(before, table.to_pylist())}
    scratch = Places(stage.scratch("clips"), "", stage.out("data/status/dmarkers.parquet"))
    recipe = stage.recipe(stage.params.dmarkers, "numpy", writes=DMARKERS)
    done = fan_out(
        mark,
        [unit_of(clip, **places) for clip in table.to_pylist() if clip["clip"] not in passed],
        recipe=recipe,
        places=scratch,
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=list(passed.values()),
    )
    outs = _Files(stage.out("data/signals.parquet"), stage.out("data/dmarkers.parquet"),
                  stage.out("data/events.parquet"), stage.out("data/blinks.parquet"))  # fmt: skip
    made = [row.unit for row in done if not (row.failed or row.unit in passed)]
    merge([scratch.of(name) for name in made], outs, recipe=recipe)
    plots = stage.out("metrics/plots/smiles.csv"), stage.out("metrics/plots/markers.csv")
    write_plots(outs.signals, outs.dmarkers, table, *plots)


def main() -> int:
    return execute("dmarkers")


if __name__ == "__main__":
    raise SystemExit(main())
