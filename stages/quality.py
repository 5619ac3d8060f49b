"""Decide by the limits in params.yaml which clips are used, and why the others are not.

The run stops if too many clips cannot be used, whatever the reason.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path
from statistics import median
from typing import Any

from duchenne.config import params
from duchenne.config.models import NEEDS
from duchenne.face.quality import Limits, Quality
from duchenne.flow.gate import judge, read_status
from duchenne.flow.unit import StatusRow
from duchenne.pipeline.clips import DMARKERS
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.clips import CLIPS, STILLS
from duchenne.tables.files import write_json
from duchenne.tables.landmarks import read_quality
from duchenne.tables.parquet import read, write
from duchenne.tables.quality import QUALITY

MEASURES = tuple(field.name for field in fields(Quality))
_LIMITS = tuple(field.name for field in fields(Limits))
# Reasons for a readable picture without landmarks.
_UNSEEN = {"no_face", "no_neutral"}


@dataclass(frozen=True)
class Verdict:
    """A clip's status row, failed if it is not used, and its measures."""

    row: StatusRow
    frames: int = 0
    quality: Quality | None = None


def judged(
    row: StatusRow, landmarks: Path, *, limits: params.Quality, unaligned: bool = False
) -> Verdict:
    """The verdict on a clip, from its status row of `normalize` and the folder of landmarks.

    An `unaligned` photograph is used whatever its landmarks say, and without them too.
    """
    if row.failed and unaligned and row.reason in _UNSEEN:
        return Verdict(StatusRow(row.unit, "ok", "", "", "quality"))
    if row.failed:
        return Verdict(row)
    if row.reason == DMARKERS:
        return Verdict(StatusRow(row.unit, "ok", "", "", "quality"))  # it has no frames to measure
    frames, quality = read_quality(landmarks / f"{row.unit}.parquet")
    broken = quality.verdict(Limits(**{name: getattr(limits, name) for name in _LIMITS}))
    if broken is None or unaligned:
        return Verdict(StatusRow(row.unit, "ok", "", "", "quality"), frames, quality)
    return Verdict(StatusRow(row.unit, "failed", *broken, "quality"), frames, quality)


def table(verdicts: Sequence[Verdict], *earlier: Mapping[str, StatusRow]) -> dict[str, list[Any]]:
    """The columns of data/quality.parquet; missing measures are NaN. `earlier` are the status rows
    of stages whose remarks on a clip are kept."""
    columns: dict[str, list[Any]] = {
        "clip": [verdict.row.unit for verdict in verdicts],
        "used": [not verdict.row.failed for verdict in verdicts],
        "reason": [verdict.row.reason for verdict in verdicts],
        "detail": [verdict.row.detail for verdict in verdicts],
        "frames": [verdict.frames for verdict in verdicts],
        "remark": [_remark(verdict, earlier) for verdict in verdicts],
    }
    for name in MEASURES:
        columns[name] = [_measure(verdict, name) for verdict in verdicts]
    return columns


def summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The contents of data/reports/quality.json."""
    excluded = Counter(verdict.row.reason for verdict in verdicts if verdict.row.failed)
    values = {name: [_measure(v, name) for v in verdicts if v.quality] for name in MEASURES}
    known = {name: [x for x in found if isfinite(x)] for name, found in values.items()}
    return {
        "clips": len(verdicts),
        "used": sum(not verdict.row.failed for verdict in verdicts),
        "excluded": dict(sorted(excluded.items())),
        "median": {name: round(median(found), 6) for name, found in known.items() if found},
    }


def _remark(verdict: Verdict, earlier: Sequence[Mapping[str, StatusRow]]) -> str:
    said = [rows[verdict.row.unit] for rows in earlier if verdict.row.unit in rows]
    remarks = [row.reason for row in said if row.reason and not row.failed]
    several = verdict.quality is not None and verdict.quality.faces > 1
    return ", ".join(dict.fromkeys(remarks + ["several_people"] * several))


def _measure(verdict: Verdict, name: str) -> float:
    return float("nan") if verdict.quality is None else float(getattr(verdict.quality, name))


def run(stage: Stage) -> None:
    clips = read(CLIPS, stage.dep("data/clips.parquet")).to_pylist()
    stills = {clip["clip"] for clip in clips if clip["kind"] in STILLS}
    unaligned = stills if NEEDS[stage.params.model].unaligned else set()
    decoded = {row.unit: row for row in read_status(stage.dep("data/status/decode.parquet"))}
    laid = {row.unit: row for row in read_status(stage.dep("data/status/mesh.parquet"))}
    rows = {row.unit: row for row in read_status(stage.dep("data/status/normalize.parquet"))}
    limits, landmarks = stage.params.quality, stage.dep("data/landmarks")
    verdicts = [
        judged(rows[name], landmarks, limits=limits, unaligned=name in unaligned)
        for name in (clip["clip"] for clip in clips)
    ]
    made_by = stage.recipe(limits).made_by()
    rated = table(verdicts, decoded, laid)
    write(QUALITY, stage.out("data/quality.parquet"), rated, made_by=made_by)
    write_json(stage.out("data/reports/quality.json"), summary(verdicts))
    judge([verdict.row for verdict in verdicts], stage="quality", max_failed=limits.max_failed)


def main() -> int:
    return execute("quality")


if __name__ == "__main__":
    raise SystemExit(main())
