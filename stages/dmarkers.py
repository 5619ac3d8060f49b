"""Duchenne Markers: signals, blinks, smiles, phases and 225 features of every clip, in true time.

A unit is a clip. D-Markers computed elsewhere are kept; photographs have none. Plots use labels.
"""

from collections.abc import Mapping, Sequence
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
from duchenne.flow.unit import Input, Outcome, Recipe, StatusRow, Unit
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
    Given,
    given_rows,
    read_given,
    row_of,
    unpacked,
)
from duchenne.tables.events import EVENTS, rows_of
from duchenne.tables.landmarks import read_landmarks
from duchenne.tables.parquet import read

GROUP = 256  # clips whose tables are joined at once


class _Files(NamedTuple):  # in the folder of a unit
    signals: Path
    dmarkers: Path
    events: Path
    blinks: Path


def mark(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the signals and D-Markers of one clip."""
    return write_markers(unit.name, unit.inputs[0].path, out, recipe=recipe)


def files(folder: Path) -> _Files:
    return _Files(*(folder / f"{name}.parquet" for name in _Files._fields))


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


def given_in(table: Sequence[clips.Clip], raw: Path) -> tuple[dict[str, Given], list[StatusRow]]:
    """D-Markers that were computed elsewhere, from `.dmarkers` files, and status rows of them."""
    found, rows = {}, []
    for clip in (clip for clip in table if clip["kind"] == clips.DMARKERS):
        try:
            found[clip["clip"]] = read_given(clips.file_of(clip, raw))
            rows.append(StatusRow(clip["clip"], "ok", "", "computed elsewhere", "dmarkers"))
        except Unusable as verdict:
            why = verdict.reason, verdict.detail
            rows.append(StatusRow(clip["clip"], "failed", *why, "dmarkers"))
    return found, rows


def merge(
    folders: Sequence[Path], outs: _Files, *, recipe: Recipe, given: Mapping[str, Given]
) -> None:
    """Join the tables of all units, and D-Markers that are `given`, into one of each kind."""
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
    whole = pa.concat_tables([rows, given_rows(given)], promote_options="permissive")
    parquet.write(DMARKERS, outs.dmarkers, whole.sort_by("clip"), made_by=made_by)


def _together(table: parquet.Table, parts: Sequence[Path]) -> pa.Table:
    read = (parquet.read(table, part) for part in parts)
    return pa.concat_tables([table.schema.empty_table(), *read])


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


def run(stage: Stage) -> None:
    landmarks, raw = stage.dep("data/landmarks"), stage.dep("data/raw/${dataset}")
    table = read(CLIPS, stage.dep("data/clips.parquet"))
    before = read_status(stage.dep("data/status/normalize.parquet"))
    passed = {row.unit: row for row in clips.unmoving(before, table.to_pylist())}
    given, rows = given_in([c for c in table.to_pylist() if c["clip"] not in passed], raw)
    passed |= {row.unit: row for row in rows}
    scratch = Places(stage.scratch("clips"), "", stage.out("data/status/dmarkers.parquet"))
    recipe = stage.recipe(stage.params.dmarkers, "numpy", writes=DMARKERS)
    names = [name for name in table["clip"].to_pylist() if name not in passed]
    done = fan_out(
        mark,
        [Unit(name, (Input(landmarks / f"{name}.parquet"),), {"clip": name}) for name in names],
        recipe=recipe,
        places=scratch,
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=list(passed.values()),
    )
    outs = _Files(stage.out("data/signals.parquet"), stage.out("data/dmarkers.parquet"),
                  stage.out("data/events.parquet"), stage.out("data/blinks.parquet"))  # fmt: skip
    made = [row.unit for row in done if not (row.failed or row.unit in passed)]
    merge([scratch.of(name) for name in made], outs, recipe=recipe, given=given)
    plots = stage.out("metrics/plots/smiles.csv"), stage.out("metrics/plots/markers.csv")
    write_plots(outs.signals, outs.dmarkers, table, *plots)


def main() -> int:
    return execute("dmarkers")


if __name__ == "__main__":
    raise SystemExit(main())
