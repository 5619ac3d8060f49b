"""Which clips a stage processes, by the clips table and the status table of the stage before."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from duchenne.errors import ParamsError
from duchenne.flow.unit import StatusRow
from duchenne.tables.clips import CLIPS, STILLS

Clip = Mapping[str, Any]

SEQUENCE = "sequence"  # a folder of numbered pictures

# Kinds of clip without pictures; decode uses the same words as reasons in its status rows.
LANDMARKS = "landmarks"
DMARKERS = "dmarkers"
NO_PICTURES = {
    LANDMARKS: "coordinates, no pictures to decode",
    DMARKERS: "features computed elsewhere, no pictures to decode",
}


def file_of(clip: Clip, raw: Path) -> Path:
    """The clip's file in the data set's folder `raw`, data/raw/<dataset>."""
    return raw / PurePosixPath(clip["path"]).relative_to(PurePosixPath("data/raw", raw.name))


def undecoded(clips: Iterable[Clip]) -> list[StatusRow]:
    """Status rows of the clips that index could not read, and of those without pictures."""
    return [
        StatusRow(clip["clip"], "failed", clip["reason"], clip["detail"], "index")
        if clip["reason"]
        else StatusRow(clip["clip"], "ok", clip["kind"], NO_PICTURES[clip["kind"]], "decode")
        for clip in clips
        if clip["reason"] or clip["kind"] in NO_PICTURES
    ]


def of(rows: Iterable[StatusRow], *, pictures: bool) -> tuple[list[str], list[StatusRow]]:
    """The names of the clips that a stage processes, and the rows that it copies to its own table:
    of clips that failed, that are D-Markers already, or that have no pictures if it needs
    `pictures`. `rows` are those of the stage before."""
    rows = list(rows)
    without = set(NO_PICTURES) if pictures else {DMARKERS}
    passed = [row for row in rows if row.failed or row.reason in without]
    return [row.unit for row in rows if row not in passed], passed


def shown(
    rows: Iterable[StatusRow], clips: Iterable[Clip], *, unaligned: bool
) -> tuple[dict[str, bool], list[StatusRow]]:
    """The clips that `crops` processes, each with whether it has landmarks, and the status rows of
    all others: of clips that failed before, and of clips without pictures, which fail here. `rows`
    are those of `mesh`. `unaligned` adds the photographs in which no face was found.
    """
    kinds = {clip["clip"]: clip["kind"] for clip in clips}
    aligned: dict[str, bool] = {}
    passed, unseen = [], []
    for row in rows:
        kind = kinds[row.unit]
        faceless = unaligned and kind in STILLS and row.reason == "no_face"
        if row.failed and not faceless:
            passed.append(row)
        elif kind in NO_PICTURES:
            detail = f"{NO_PICTURES[kind]}, and this model looks at pictures"
            unseen.append(StatusRow(row.unit, "failed", "unseen", detail, "crops"))
        else:
            aligned[row.unit] = not row.failed
    if unseen and not aligned:
        raise ParamsError(
            "model: it looks at pictures, and no clip of this data set has any; choose one that "
            "takes landmarks (such as mesh) or Duchenne Markers (such as svm)"
        )
    return aligned, passed + unseen


def unmoving(rows: Iterable[StatusRow], clips: Iterable[Clip]) -> list[StatusRow]:
    """The rows that `dmarkers` copies to its own table: of clips that failed, and of photographs,
    which show no course of a smile. That is no failure."""
    stills = {clip["clip"] for clip in clips if clip["kind"] in STILLS}
    detail = "a photograph shows no smile come and go"
    return [
        row if row.failed else StatusRow(row.unit, "ok", "not_applicable", detail, "dmarkers")
        for row in rows
        if row.failed or row.unit in stills
    ]


def group_columns(clips: pa.Table) -> list[str]:
    """The user's own text columns, which sort people into groups. Numbers such as an age are left
    out: they would make as many groups as there are people."""
    ours = {column.name for column in CLIPS.columns}
    return [f.name for f in clips.schema if f.name not in ours and pa.types.is_string(f.type)]
