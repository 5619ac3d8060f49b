"""Which clips are used, and why the others are not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path
from statistics import median
from typing import Any

from duchenne.config import params
from duchenne.face.quality import Limits, Quality
from duchenne.flow.unit import Row
from duchenne.landmarks import read_quality
from duchenne.pipeline.clips import DMARKERS

MEASURES = tuple(field.name for field in fields(Quality))
_LIMITS = tuple(field.name for field in fields(Limits))


@dataclass(frozen=True)
class Verdict:
    """One clip: whether it is used (a row that has not failed), and what was measured."""

    row: Row
    frames: int = 0
    quality: Quality | None = None


# Why a picture that can be read has no landmarks.
_UNSEEN = {"no_face", "no_neutral"}


def judged(
    row: Row, landmarks: Path, *, limits: params.Quality, unaligned: bool = False
) -> Verdict:
    """The verdict on a clip, by its row of the stage before and the landmarks in that folder. Where
    the model takes a photograph `unaligned`, landmarks that were not found are no fault."""
    if row.failed and unaligned and row.reason in _UNSEEN:
        return Verdict(Row(row.unit, "ok", "", "", "quality"))
    if row.failed:
        return Verdict(row)
    if row.reason == DMARKERS:
        return Verdict(Row(row.unit, "ok", "", "", "quality"))  # nothing of it can be measured
    frames, quality = read_quality(landmarks / f"{row.unit}.parquet")
    broken = quality.verdict(Limits(**{name: getattr(limits, name) for name in _LIMITS}))
    if broken is None:
        return Verdict(Row(row.unit, "ok", "", "", "quality"), frames, quality)
    return Verdict(Row(row.unit, "failed", *broken, "quality"), frames, quality)


def table(verdicts: Sequence[Verdict], remarks: Mapping[str, Row]) -> dict[str, list[Any]]:
    """The columns of data/quality.parquet; what could not be measured is NaN."""
    columns: dict[str, list[Any]] = {
        "clip": [verdict.row.unit for verdict in verdicts],
        "used": [not verdict.row.failed for verdict in verdicts],
        "reason": [verdict.row.reason for verdict in verdicts],
        "detail": [verdict.row.detail for verdict in verdicts],
        "frames": [verdict.frames for verdict in verdicts],
        "remark": [remarks[verdict.row.unit].reason for verdict in verdicts],
    }
    for name in MEASURES:
        columns[name] = [_of(verdict, name) for verdict in verdicts]
    return columns


def summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """data/reports/quality.json."""
    excluded = Counter(verdict.row.reason for verdict in verdicts if verdict.row.failed)
    values = {name: [_of(v, name) for v in verdicts if v.quality] for name in MEASURES}
    known = {name: [x for x in found if isfinite(x)] for name, found in values.items()}
    return {
        "clips": len(verdicts),
        "used": sum(not verdict.row.failed for verdict in verdicts),
        "excluded": dict(sorted(excluded.items())),
        "median": {name: round(median(found), 6) for name, found in known.items() if found},
    }


def _of(verdict: Verdict, name: str) -> float:
    return float("nan") if verdict.quality is None else float(getattr(verdict.quality, name))
