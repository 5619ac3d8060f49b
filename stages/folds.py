"""Split the used clips into folds, in which a subject has one role.

An invalid split is an error that names clips and subjects. What weakens a result without making it
false (a test part with one class, classes that no subject shares) is a warning in
data/reports/folds.json.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from duchenne.config import params
from duchenne.datasets.splits.case import Assignment, Case
from duchenne.datasets.splits.check import check
from duchenne.datasets.splits.published import official, published
from duchenne.datasets.splits.report import report
from duchenne.datasets.splits.schemes import leave_one_subject_out, stratified
from duchenne.errors import FoldsError, suggest
from duchenne.pipeline.clips import group_columns
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.clips import CLIPS
from duchenne.tables.files import write_json
from duchenne.tables.folds import FOLDS
from duchenne.tables.parquet import read, write
from duchenne.tables.quality import QUALITY

log = logging.getLogger("duchenne")


def cases(clips: pa.Table, used: Collection[str]) -> list[Case]:
    """The used clips as cases, with their group columns."""
    groups = group_columns(clips)
    return [
        Case(row["clip"], row["subject"], row["label"], tuple(row[name] or "" for name in groups))
        for row in clips.to_pylist()
        if row["clip"] in used
    ]


def split(clips: pa.Table, used: Collection[str], how: params.Folds) -> list[Assignment]:
    """The role of each used clip in each fold; the result is checked independently."""
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
    clips: pa.Table, used: Collection[str], rows: Sequence[Assignment], how: params.Folds
) -> dict[str, Any]:
    """The contents of data/reports/folds.json."""
    found = report(rows, cases(clips, used), groups=group_columns(clips))
    return {"scheme": how.scheme, **found}


def _published(chosen: Sequence[Case], clips: pa.Table, how: params.Folds) -> list[Assignment]:
    """The official roles if the set has them, else its test folds with drawn validation."""
    roles = _column(clips, "role")
    if any(roles.values()):
        return official(chosen, _column(clips, "fold"), roles, val=how.val, seed=how.seed)
    return published(chosen, _column(clips, "fold"), val=how.val, seed=how.seed)


def _column(clips: pa.Table, name: str) -> Mapping[str, str]:
    """A column of the clips table by clip name; null is ""."""
    values = zip(clips["clip"].to_pylist(), clips[name].to_pylist(), strict=True)
    return {clip: value or "" for clip, value in values}


def members(clips: pa.Table, used: Collection[str], within: str | None) -> set[str]:
    """The `used` clips that are in the group `column:value`; all if `within` is None."""
    if within is None:
        return set(used)
    column, _, value = (part.strip() for part in within.partition(":"))
    known = group_columns(clips)
    if column not in known:
        raise FoldsError(
            f"folds.within: '{column}' is no group of this data set; {_say(column, known)}"
        )
    names, values = clips["clip"].to_pylist(), clips[column].to_pylist()
    groups = {name: group for name, group in zip(names, values, strict=True) if name in used}
    held = {group for group in groups.values() if group}
    if value not in held:
        raise FoldsError(
            f"folds.within: no clip that is used has the {column} '{value}'; {_say(value, held)}"
        )
    return {name for name, group in groups.items() if group == value}


def _say(word: str, known: Collection[str]) -> str:
    return suggest(word, known) if known else "there are none; write null to take all clips"


def run(stage: Stage) -> None:
    clips = read(CLIPS, stage.dep("data/clips.parquet"))
    quality = read(QUALITY, stage.dep("data/quality.parquet")).to_pylist()
    usable = {row["clip"] for row in quality if row["used"]}
    how = stage.params.folds
    used = members(clips, usable, how.within)
    rows = split(clips, used, how)
    names = [column.name for column in FOLDS.columns]
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    made_by = stage.recipe(how).made_by()
    write(FOLDS, stage.out("data/folds.parquet"), columns, made_by=made_by)
    found = facts(clips, used, rows, how)
    for warning in found["warnings"]:
        log.warning(warning)
    found = {"within": how.within, **found}
    write_json(stage.out("data/reports/folds.json"), found)


def main() -> int:
    return execute("folds")


if __name__ == "__main__":
    raise SystemExit(main())
