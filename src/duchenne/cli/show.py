"""`duchenne show CLIP`: what was found in one clip, on a sheet.

The sheet shows a face: by default it lies in SHEETS, which git ignores and `forget frames` empties.
"""

import difflib
import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from duchenne.cli import sheet
from duchenne.cli.forget import SHEETS
from duchenne.cli.sheet import Blink, Moment, Sheet, Span
from duchenne.dmarkers.names import PHASES
from duchenne.errors import DatasetError, EngineError, StageError, listed
from duchenne.flow.gate import read_status
from duchenne.flow.unit import StatusRow
from duchenne.media.jpeg import decode
from duchenne.pipeline.clips import NO_PICTURES
from duchenne.tables import files, parquet
from duchenne.tables.blinks import BLINKS
from duchenne.tables.clips import CLIPS
from duchenne.tables.dmarkers import DMARKERS, SIGNALS
from duchenne.tables.events import EVENTS
from duchenne.tables.frames import StoredFrames
from duchenne.tables.mesh import read_mesh
from duchenne.tables.parquet import Table

LINE = 190  # characters that fit below the title

Row = Mapping[str, Any]


def show(root: Path, name: str, out: Path | None = None) -> Path:
    """Draw the sheet of a clip of the project at `root`; the path of the PNG."""
    out = root / SHEETS / f"{name}.png" if out is None else out
    if out.suffix.lower() != ".png":
        raise DatasetError(f"--out: {out} is no name for a picture; end it with .png")
    picture = sheet.png(sheet.chart(gather(root, name)))
    try:
        files.write_bytes(out, picture)
    except OSError as error:
        raise EngineError(
            f"{out} cannot be written: {error.strerror}; choose another --out"
        ) from None
    return out


def gather(root: Path, name: str) -> Sheet:
    """What the tables of a project say of a clip."""
    data = root / "data"
    clip = _clip(data / "clips.parquet", name)
    status = _status(data / "status" / "dmarkers.parquet", name)
    if status and (status.failed or status.reason == "not_applicable"):
        raise DatasetError(f"{name} has no signals: {_verdict(status)}; choose another clip")
    if clip["kind"] == "dmarkers":
        raise DatasetError(f"{name} has no signals: {NO_PICTURES['dmarkers']}; choose another clip")
    columns = ["clip", "time", *sheet.SIGNALS]
    signals = _of(name, parquet.read(SIGNALS, data / "signals.parquet", columns=columns))
    if not len(signals):
        raise StageError(f"data/signals.parquet does not have {name} yet; run `dvc repro`")
    of_clip = _of(name, parquet.read(DMARKERS, data / "dmarkers.parquet"))
    markers: Row = next(iter(of_clip.to_pylist()), {})
    events, blinks = (_rows(table, data, name) for table in (EVENTS, BLINKS))
    phases = _phases(markers)
    moments, missing = _moments(data, clip, phases)
    absent = [phase for phase in PHASES if phase not in {span.name for span in phases}]
    remarks = [*_found(markers, events or []), *missing]
    remarks += [_count(len(blinks), "blink")] if blinks is not None else []
    remarks += [f"not found: {', '.join(absent)}"] if absent else []
    remarks += [_verdict(status)] if status and status.reason else []
    return Sheet(
        title=f"{name}: {clip['label_name']}",
        remarks=textwrap.wrap("; ".join(remarks), LINE),
        times=signals["time"].to_numpy(),
        signals={column: signals[column].to_numpy() for column in sheet.SIGNALS},
        phases=phases,
        smiles=[
            Span(
                f"{row['event'] + 1}, amplitude {row['amplitude']:.3f}",
                row["start"],
                row["end"],
                row["chosen"],
            )
            for row in events or ()
        ],
        blinks=[Blink(row["start"], row["shut"], row["end"]) for row in blinks or ()],
        moments=moments,
    )


# ---- Tables --------------------------------------------------------------------------------------
def _clip(path: Path, name: str) -> Row:
    rows = parquet.read(CLIPS, path, columns=["clip", "kind", "label_name"]).to_pylist()
    known = {row["clip"]: row for row in rows}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"there are {listed(known)}"
        raise DatasetError(f"data/clips.parquet has no clip '{name}'; {hint}")
    return dict(known[name])


def _of(name: str, rows: pa.Table) -> pa.Table:
    return rows.filter(pc.equal(rows["clip"], name))


def _rows(table: Table, data: Path, name: str) -> list[Row] | None:
    """The rows of a clip; None where the table does not exist."""
    path = data / f"{table.name}.parquet"
    return list(_of(name, parquet.read(table, path)).to_pylist()) if path.exists() else None


def _status(path: Path, name: str) -> StatusRow | None:
    rows = read_status(path) if path.exists() else []
    return next((row for row in rows if row.unit == name), None)


def _verdict(row: StatusRow) -> str:
    """`no_smile (the lips …), partial, found by stage dmarkers`."""
    detail = f" ({row.detail})" if row.detail else ""
    return f"{row.reason}{detail}, {row.status}, found by stage {row.stage}"


# ---- Words ---------------------------------------------------------------------------------------
def _found(markers: Row, events: Sequence[Row]) -> Iterator[str]:
    smiles, rest = markers.get("smiles"), markers.get("rest")
    chosen = next((row for row in events if row["chosen"]), None)
    if smiles is not None:
        which = f", D-Markers are of number {chosen['event'] + 1}" if chosen and smiles > 1 else ""
        yield f"{_count(smiles, 'smile')}{which}"
    if rest in ("start", "found"):
        where = "at the start" if rest == "start" else "found"
        yield f"rest {where}, {markers['rest_start']:.2f} to {markers['rest_end']:.2f} s"
    elif rest == "none":
        yield "no resting face was found, so that amplitudes are uncertain"
    if _known(amplitude := markers.get("amplitude")):
        yield f"amplitude {amplitude:.3f} and noise {markers['noise']:.4f} resting mouth widths"
    flags = {"cut_start": "the clip begins within the smile", "cut_end": "the clip ends within it",
             "blink": "with a blink", "speech": "with speech"}  # fmt: skip
    yield from (words for flag, words in flags.items() if chosen and chosen[flag])


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _known(*values: float | None) -> bool:
    return all(value is not None and math.isfinite(value) for value in values)


# ---- Phases and frames ---------------------------------------------------------------------------
def _phases(markers: Row) -> list[Span]:
    """Rest, onset, apex and offset, as far as both ends are known."""
    spans = [
        Span(name, *(markers.get(f"{name}_{end}", math.nan) for end in ("start", "end")))
        for name in sheet.PHASES
        if name != "rest" or markers.get("rest") != "none"
    ]
    return [span for span in spans if _known(span.start, span.end)]


def _moments(data: Path, clip: Row, phases: Iterable[Span]) -> tuple[list[Moment], list[str]]:
    """The frame in the middle of each phase with its landmarks, and what is missing for them."""
    name = f"{clip['clip']}.parquet"
    if clip["kind"] in NO_PICTURES:
        return [], [NO_PICTURES[clip["kind"]]]
    if not (data / "frames" / name).exists():
        return [], [f"without pictures, since data/frames/{name} is not here"]
    frames = StoredFrames(data / "frames" / name)
    middles = {p.name: int(np.abs(frames.times - (p.start + p.end) / 2).argmin()) for p in phases}
    wanted = set(middles.values())
    jpegs = {number: one.jpeg for number, one in enumerate(frames) if number in wanted}
    points, missing = _points(data / "mesh" / name, frames, wanted)
    moments = [
        Moment(phase, float(frames.times[at]), decode(jpegs[at]), points.get(at))
        for phase, at in middles.items()
    ]
    return moments, missing


def _points(
    path: Path, frames: StoredFrames, wanted: Iterable[int]
) -> tuple[dict[int, Any], list[str]]:
    """Landmarks (N, 3) of those of the wanted frames that have some, in px of the picture."""
    if not path.exists():
        return {}, [f"without landmarks, since data/mesh/{path.name} is not here"]
    mesh = read_mesh(path)
    zoom = np.array([*frames.zoom(), 1.0])
    rows = {int(number): row for row, number in enumerate(mesh.frames)}
    found = {
        at: mesh.xyz[rows[n]] / zoom for at in wanted if (n := int(frames.numbers[at])) in rows
    }
    return {at: xyz for at, xyz in found.items() if np.isfinite(xyz).all()}, []
