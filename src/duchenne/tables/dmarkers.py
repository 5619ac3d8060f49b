"""The tables `signals` (smoothed signals of each clip) and `dmarkers` (225 features of each)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from duchenne.dmarkers.names import COLUMNS, FEATURES, PHASES, REGIONS
from duchenne.errors import Unusable
from duchenne.media.regular import opened
from duchenne.tables import parquet
from duchenne.tables.parquet import Column, Table

Array = np.ndarray[Any, np.dtype[np.float64]]

_LARGEST = 100_000  # bytes; 225 features take 12,000
_FARTHEST = 1e12  # greatest absolute value of a feature; squares of 1e300 would overflow
_DURATION = [feature.name for feature in FEATURES].index("dur")
_SIDES = ("right", "left")
_ENDS = ("", "_right", "_left")

SIGNALS = Table(
    name="signals",
    version=1,
    doc="`data/signals.parquet`: the smoothed signals of every clip at its frames, without a unit. "
    "NaN where there is no face, and where landmarks lack the region.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        Column("frame", pa.int32(), "as in frames"),
        Column("time", pa.float64(), "as in frames, s"),
        Column("lip", pa.float64(), "distance of the lip corners from where their centre was at "
               "rest, mean of both sides, in resting mouth widths; at rest 0.5"),
        Column("eyelid", pa.float64(), "distance of the upper lid from the middle between the "
               "corners of its eye, negative below it, mean of both eyes, in eye widths"),
        Column("cheek", pa.float64(), "as lip, of the cheeks, in resting distances between them"),
        *(
            Column(f"{name}_{side}", pa.float64(), f"the subject's {side} side of {name}")
            for name in ("lip", "eyelid", "cheek")
            for side in _SIDES
        ),
        Column("phase", pa.string(), "neutral, onset, apex or offset"),
    ),
)  # fmt: skip

_BOUNDS = tuple(
    column
    for phase in PHASES
    for column in (
        Column(f"{phase}_start", pa.float64(), f"when the {phase} begins, s; NaN: not known"),
        Column(f"{phase}_end", pa.float64(), f"when the {phase} ends, s; NaN: not known"),
        Column(f"{phase}_first", pa.int32(), f"first frame in the {phase}; null if none", False),
        Column(f"{phase}_last", pa.int32(), f"last frame in the {phase}; null if none", False),
    )
)

_OF_CLIP = (
    Column("seconds", pa.float64(), "length of the clip: the last frame's time less the first's, "
           "s; NaN: not known"),
    Column("amplitude", pa.float64(), "of the smile, or of the highest pull of the lips if there "
           "is no smile, in resting mouth widths"),
    Column("noise", pa.float64(), "standard deviation of lip in one frame before smoothing, in "
           "resting mouth widths"),
    Column("smiles", pa.int16(), "how many smiles the clip has; null: not known", False),
    Column("rest", pa.string(), "where the resting face was: start of the clip, found later, or "
           "none, so that amplitudes are uncertain; empty: not known"),
    Column("rest_start", pa.float64(), "when rest begins, s; NaN: not known"),
    Column("rest_end", pa.float64(), "when it ends, s; NaN: not known"),
)  # fmt: skip

DMARKERS = Table(
    name="dmarkers",
    version=3,
    doc="`data/dmarkers.parquet`: Duchenne Markers, one row per clip. A feature is NaN where it "
    "has no value: in a phase that does not exist, of a region that is not known, or a mean or "
    "maximum of an empty part. What a model gets instead is decided from its training data. "
    "Imported features of other names follow, which svm and trees see.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        *(
            Column(f"valid_{phase}", pa.bool_(), f"whether the clip shows a whole {phase}")
            for phase in PHASES
        ),
        *_BOUNDS,
        *_OF_CLIP,
        *(
            Column(f"{region}_{phase}_{feature.name}", pa.float64(),
                   f"{feature.formula} [{feature.unit}]")
            for region in REGIONS
            for phase in PHASES
            for feature in FEATURES
        ),
    ),
    open=True,
)  # fmt: skip

# One row of `dmarkers`, as the unit of a clip writes it. A file with 225 columns would take twice
# as long to write as all other work of the unit.
PACKED = Table(
    name="dmarkers_of_a_clip",
    version=2,
    doc="The row of `dmarkers` of one clip, its features in one column.",
    columns=(
        *DMARKERS.columns[: -len(COLUMNS)],
        Column("features", pa.list_(pa.float64(), len(COLUMNS)), "all features, in their order"),
    ),
)


def packed(values: Array) -> pa.FixedSizeListArray:
    """Features (clips, 225) as the column `features` of PACKED."""
    flat = np.ascontiguousarray(values, np.float64).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), len(COLUMNS))


def unpacked(rows: pa.Table) -> pa.Table:
    """Convert rows of PACKED to rows of DMARKERS."""
    values = rows["features"].combine_chunks().flatten().to_numpy().reshape(-1, len(COLUMNS))
    bare = {name: rows[name] for name in rows.column_names if name != "features"}
    return pa.table({**bare, **dict(zip(COLUMNS, values.T.copy(), strict=True))})


def row_of(
    clip: str,
    features: Array,
    *,
    bounds: Array,
    of_clip: Mapping[str, Any],
    phase: Any,
    frames: Any,
) -> dict[str, Any]:
    """The row of PACKED of a clip: features (225,), times of the phases' samples (3, 2) in s, other
    columns by name, and the phase and number of its frames, (T,)."""
    inside = [frames[phase == name] for name in PHASES]
    ends = [(some[0], some[-1]) if len(some) else (np.nan, np.nan) for some in inside]
    row = _phases(np.isfinite(bounds[:, 0]), np.column_stack([bounds, ends]))
    others = {name: [value] for name, value in of_clip.items()}
    return {"clip": [clip], **row, **others, "features": packed(features)}


class Given(NamedTuple):
    """What a `.dmarkers` file says of a clip; NaN where it says nothing."""

    features: Array  # (225,)
    seconds: float
    others: Mapping[str, float]  # features of other names


def given_rows(clips: Mapping[str, Given]) -> pa.Table:
    """Rows of DMARKERS for clips whose features were computed elsewhere."""
    rows = [parquet.conform(PACKED, _given_row(clip, given)) for clip, given in clips.items()]
    names = dict.fromkeys(name for given in clips.values() for name in given.others)
    whole = unpacked(pa.concat_tables([PACKED.schema.empty_table(), *rows]))
    for name in names:
        values = [given.others.get(name, np.nan) for given in clips.values()]
        whole = whole.append_column(name, pa.array(values, pa.float64()))
    return whole


def _given_row(clip: str, given: Given) -> dict[str, Any]:
    """The row of PACKED of such a clip. Where its length is not said, it is that of its phases, if
    all three are known."""
    values, seconds = given.features, given.seconds
    if np.isnan(seconds):
        blocks = values.reshape(len(REGIONS), len(PHASES), -1)[..., _DURATION]  # (3, 3)
        whole = blocks.sum(axis=1)
        seconds = next((float(one) for one in whole[::-1] if np.isfinite(one)), np.nan)
    known = np.isfinite(values).reshape(len(REGIONS), len(PHASES), -1).any(axis=(0, 2))
    row = _phases(known, np.full((len(PHASES), 4), np.nan))
    row |= {name: [np.nan] for name in ("amplitude", "noise", "rest_start", "rest_end")}
    row |= {"seconds": [seconds], "smiles": [None], "rest": [""], "features": packed(values)}
    return {"clip": [clip], **row}


def _phases(known: Any, bounds: Array) -> dict[str, Any]:
    """`bounds` (3, 4) are start and end in s, first and last frame of each phase."""
    row: dict[str, Any] = {}
    for phase, valid, (start, end, first, last) in zip(PHASES, known, bounds, strict=True):
        row[f"valid_{phase}"] = [bool(valid)]
        row[f"{phase}_start"], row[f"{phase}_end"] = [float(start)], [float(end)]
        row[f"{phase}_first"] = [None if np.isnan(first) else int(first)]
        row[f"{phase}_last"] = [None if np.isnan(last) else int(last)]
    return row


def read_features(path: Path, *, others: bool = False) -> tuple[list[str], Array]:
    """Names of the clips, and their features (clips, 225), NaN where there is no value; with
    `others` followed by imported features of other names."""
    table = parquet.read(DMARKERS, path)
    ours = {column.name for column in DMARKERS.columns}
    names = [*COLUMNS, *(n for n in table.column_names if others and n not in ours)]
    values = np.column_stack([table[name].to_numpy() for name in names])
    return table["clip"].to_pylist(), values


def read_seconds(path: Path) -> dict[str, float]:
    """The length of each clip that has one, in seconds."""
    table = parquet.read(DMARKERS, path, columns=["clip", "seconds"])
    pairs = zip(table["clip"].to_pylist(), table["seconds"].to_pylist(), strict=True)
    return {clip: seconds for clip, seconds in pairs if np.isfinite(seconds)}


def read_signals(path: Path, clips: Sequence[str]) -> dict[str, tuple[Array, Array]]:
    """Times (T,) in s and signals (T, 9) of each of these clips that has any."""
    names = [f"{name}{side}" for name in ("lip", "eyelid", "cheek") for side in _ENDS]
    table = parquet.read(SIGNALS, path, columns=["clip", "time", *names])
    table = table.filter(pc.is_in(table["clip"], pa.array(clips)))
    values = np.column_stack([table[name].to_numpy() for name in names])
    times, owner = table["time"].to_numpy(), np.array(table["clip"].to_pylist(), object)
    starts = np.flatnonzero(owner[1:] != owner[:-1]) + 1
    parts = zip(np.split(owner, starts), np.split(times, starts), np.split(values, starts),
                strict=True)  # fmt: skip
    return {str(own[0]): (when, what) for own, when, what in parts if len(own)}


def read_given(file: Path) -> Given:
    """Read a `.dmarkers` file: a JSON object of feature names and numbers, with `seconds` and a
    mapping `others` if there are any. Anything else is Unusable."""
    with opened(file) as source:
        text = source.file.read(_LARGEST + 1)
    if len(text) > _LARGEST:
        raise Unusable("not_dmarkers", "larger than 225 numbers can be")
    try:
        given = json.loads(text.decode("utf-8"))
        values = np.array([_number(given.get(column)) for column in COLUMNS])
        unknown = set(given) - {*COLUMNS, "seconds", "others"}
        others = {str(name): _number(value) for name, value in given.get("others", {}).items()}
        seconds = _number(given.get("seconds"))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Unusable("not_dmarkers", "not an object of feature names and numbers") from error
    every = np.array([*values, *others.values()])
    if unknown or (np.abs(every) > _FARTHEST).any() or not np.isfinite(every).any():
        raise Unusable("not_dmarkers", "no feature, an unknown one, or one beyond all bounds")
    if seconds <= 0.0 or seconds > _FARTHEST:
        raise Unusable("not_dmarkers", f"it cannot have lasted {seconds:g} s")
    return Given(values, seconds, others)


def _number(value: object) -> float:
    """A JSON number as float, NaN for null. NumPy would accept text and booleans too."""
    if value is None:
        return np.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{type(value).__name__} is no number")
    return float(value)
