"""The folds table: which clips are split, how, and what there is to say of the split."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from duchenne.config import params
from duchenne.datasets.splits.case import Case, Row
from duchenne.datasets.splits.check import check
from duchenne.datasets.splits.leave_one_out import leave_one_subject_out
from duchenne.datasets.splits.official import official
from duchenne.datasets.splits.published import published
from duchenne.datasets.splits.report import report
from duchenne.datasets.splits.stratified import stratified
from duchenne.pipeline.clips import group_columns


def cases(clips: pa.Table, used: Collection[str]) -> list[Case]:
    """The clips that are used, as the split sees them."""
    groups = group_columns(clips)
    return [
        Case(row["clip"], row["subject"], row["label"], tuple(row[name] or "" for name in groups))
        for row in clips.to_pylist()
        if row["clip"] in used
    ]


def split(clips: pa.Table, used: Collection[str], how: params.Folds) -> list[Row]:
    """Every used clip's role in every fold; checked by code that knows nothing of how it came."""
    chosen = cases(clips, used)
    match how.scheme:
        case "stratified":
            rows = stratified(chosen, folds=how.count, val=how.val, seed=how.seed)
        case "leave-one-subject-out":
            rows = leave_one_subject_out(chosen, val=how.val, seed=how.seed)
        case "published":
            rows = _published(chosen, clips, how)
    check(rows, chosen)
    return rows


def facts(
    clips: pa.Table, used: Collection[str], rows: Sequence[Row], how: params.Folds
) -> dict[str, Any]:
    """data/reports/folds.json."""
    found = report(rows, cases(clips, used), groups=group_columns(clips))
    return {"scheme": how.scheme, **found}


def _published(chosen: Sequence[Case], clips: pa.Table, how: params.Folds) -> list[Row]:
    """The official roles where the set has them, else its test folds with validation of ours."""
    roles = _column(clips, "role")
    if any(roles.values()):
        return official(chosen, _column(clips, "fold"), roles, val=how.val, seed=how.seed)
    return published(chosen, _column(clips, "fold"), val=how.val, seed=how.seed)


def _column(clips: pa.Table, name: str) -> Mapping[str, str]:
    """What the clips table says of each clip; "" where it says nothing."""
    values = zip(clips["clip"].to_pylist(), clips[name].to_pylist(), strict=True)
    return {clip: value or "" for clip, value in values}
