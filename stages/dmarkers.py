"""Duchenne Markers: signals, blinks, smiles, phases and 225 features of every clip, in true time.

A unit is a clip. D-Markers computed elsewhere are kept; photographs have none. Plots use labels.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from duchenne.errors import Unusable
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Recipe, StatusRow, Unit
from duchenne.pipeline import clips
from duchenne.pipeline.smiles import write_plots
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables import parquet
from duchenne.tables.blinks import BLINKS
from duchenne.tables.clips import CLIPS
from duchenne.tables.dmarkers import (
    DMARKERS,
    PACKED,
    SIGNALS,
    Given,
    given_rows,
    read_given,
    unpacked,
)
from duchenne.tables.events import EVENTS
from duchenne.tables.parquet import read
from duchenne.units.dmarkers import Files, files, mark

GROUP = 256  # clips whose tables are joined at once


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
    folders: Sequence[Path], outs: Files, *, recipe: Recipe, given: Mapping[str, Given]
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
    outs = Files(stage.out("data/signals.parquet"), stage.out("data/dmarkers.parquet"),
                  stage.out("data/events.parquet"), stage.out("data/blinks.parquet"))  # fmt: skip
    made = [row.unit for row in done if not (row.failed or row.unit in passed)]
    merge([scratch.of(name) for name in made], outs, recipe=recipe, given=given)
    plots = stage.out("metrics/plots/smiles.csv"), stage.out("metrics/plots/markers.csv")
    write_plots(outs.signals, outs.dmarkers, table, *plots)


def main() -> int:
    return execute("dmarkers")


if __name__ == "__main__":
    raise SystemExit(main())
