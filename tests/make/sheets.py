"""A project with one clip, `smile`, as the stages leave it for `duchenne show`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from duchenne.flow.gate import write_status
from duchenne.flow.unit import Recipe, StatusRow
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.dmarkers import DMARKERS, SIGNALS
from duchenne.tables.parquet import Column, Table
from tests.make.crops import SIZE, face, texture, write_frames, write_mesh

TIMES = np.arange(40) / 10.0  # s
NAN = float("nan")
MARKERS: dict[str, Any] = {
    "rest_start": 0.0, "rest_end": 0.8, "onset_start": 1.0, "onset_end": 1.4, "apex_start": 1.5,
    "apex_end": 2.3, "offset_start": 2.4, "offset_end": 3.0, "smiles": 2, "rest": "start",
    "amplitude": 0.125, "noise": 0.002, "seconds": 3.9,
}  # fmt: skip
FLAGS = {"cut_start": False, "cut_end": False, "blink": False, "speech": False}
EVENTS: list[dict[str, Any]] = [
    {"event": 0, "chosen": True, "start": 1.0, "end": 3.0, "amplitude": 0.125, **FLAGS},
    {"event": 1, "chosen": False, "start": 3.3, "end": 3.8, "amplitude": 0.05, **FLAGS},
]
BLINKS: list[dict[str, Any]] = [{"blink": 0, "start": 0.5, "shut": 0.6, "end": 0.75, "depth": 0.9}]


def write_sheet_project(
    root: Path,
    *,
    kind: str = "video",
    points: int = 478,
    markers: Mapping[str, Any] | None = None,
    events: Sequence[Mapping[str, Any]] = EVENTS,
    blinks: Sequence[Mapping[str, Any]] = BLINKS,
    status: StatusRow | None = None,
) -> Path:
    """The tables of `smile`; `markers` are changes of MARKERS. The stored frames are half as large
    as the source. There is a face in all of them but the last."""
    data = root / "data"
    write_clips(data / "clips.parquet", {"smile": kind, "other_smile": kind})
    faces = np.stack([face(points)] * len(TIMES))
    faces[-1] = np.nan
    small = texture()[::2, ::2]
    write_frames(data / "frames/smile.parquet", [small] * len(TIMES), TIMES, size=SIZE)
    write_mesh(data / "mesh/smile.parquet", faces, TIMES)
    write_signals(data / "signals.parquet", cheeks=points == 478)
    write_rows("dmarkers", DMARKERS.version, data, [{**MARKERS, **(markers or {})}])
    write_rows("events", 1, data, events, like=EVENTS[0])
    write_rows("blinks", 1, data, blinks, like=BLINKS[0])
    row = status or StatusRow("smile", "ok", "", "", "dmarkers")
    recipe = Recipe(stage="dmarkers", params=None, code="", libraries=())
    write_status(data / "status/dmarkers.parquet", [row], recipe)
    return root


def write_clips(path: Path, kinds: Mapping[str, str]) -> None:
    rows: dict[str, list[Any]] = {column.name: [""] * len(kinds) for column in CLIPS.columns}
    none: list[Any] = [None] * len(kinds)
    rows |= {c.name: none for c in CLIPS.columns if not c.required}
    rows |= {"clip": list(kinds), "kind": list(kinds.values()), "label": [1] * len(kinds)}
    parquet.write(CLIPS, path, {**rows, "label_name": ["spontaneous"] * len(kinds)})


def write_signals(path: Path, *, cheeks: bool) -> None:
    """Of `smile` all signals are its times, but for a gap in the last frame."""
    values = np.append(TIMES[:-1], NAN)
    rows: dict[str, Any] = {column.name: values for column in SIGNALS.columns}
    if not cheeks:
        rows |= dict.fromkeys(("cheek", "cheek_right", "cheek_left"), values * NAN)
    frames = np.arange(len(TIMES)) + 10
    words = {"clip": ["smile"] * len(TIMES), "phase": ["neutral"] * len(TIMES)}
    parquet.write(SIGNALS, path, {**rows, **words, "frame": frames, "time": TIMES})


def write_rows(
    name: str,
    version: int,
    data: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    like: Mapping[str, Any] = MARKERS,
) -> None:
    """A table of some of its columns, those of `like`, with rows of `smile`."""
    schema = pa.Table.from_pylist([{"clip": "smile", **like}]).schema
    columns = tuple(Column(field.name, field.type, "", required=False) for field in schema)
    given = pa.Table.from_pylist([{"clip": "smile", **row} for row in rows], schema=schema)
    parquet.write(Table(name, version, "", columns), data / f"{name}.parquet", given)
