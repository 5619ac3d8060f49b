"""The smiles of each clip: `data/events.parquet`."""

from typing import Any

import pyarrow as pa

from duchenne.dmarkers.events import Event
from duchenne.dmarkers.extract import Markers
from duchenne.tables.parquet import Column, Table

EVENTS = Table(
    name="events",
    version=1,
    doc="`data/events.parquet`: the smiles of every clip, one row each. A bound is NaN where the "
    "clip does not show it.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        Column("event", pa.int16(), "number of the smile in its clip, from 0"),
        Column("chosen", pa.bool_(), "whether the D-Markers are of this smile"),
        Column("start", pa.float64(), "from here on the clip shows the smile, s"),
        Column("end", pa.float64(), "until here, s"),
        Column("onset_start", pa.float64(), "lips cross 5 % of the way up, s"),
        Column("onset_end", pa.float64(), "lips cross 95 % of the way up, s"),
        Column("offset_start", pa.float64(), "lips cross 95 % of the way down, s"),
        Column("offset_end", pa.float64(), "lips cross 5 % of the way down, s"),
        Column("amplitude", pa.float64(), "of lip, from rest to the level of the apex, in resting "
               "mouth widths"),
        Column("area", pa.float64(), "integral of lip above rest, in resting mouth widths × s"),
        Column("cut_start", pa.bool_(), "whether the clip begins within the smile"),
        Column("cut_end", pa.bool_(), "whether the clip ends within it"),
        Column("blink", pa.bool_(), "whether the eyes blink in it"),
        Column("speech", pa.bool_(), "whether the lips part and close in it as in speech"),
    ),
)  # fmt: skip


def rows_of(clip: str, found: Markers) -> dict[str, Any]:
    """The rows of EVENTS of a clip."""
    events = found.smiles.events
    columns = {name: [getattr(event, name) for event in events] for name in Event._fields}
    chosen = [number == found.chosen for number in range(len(events))]
    return {"clip": [clip] * len(events), "event": range(len(events)), "chosen": chosen, **columns}
