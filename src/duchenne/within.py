"""Training within a group: the clips of others are neither trained on nor tested."""

from collections.abc import Collection

import pyarrow as pa

from duchenne.errors import FoldsError, suggest
from duchenne.pipeline.clips import group_columns


def members(clips: pa.Table, used: Collection[str], within: str | None) -> set[str]:
    """Those of the `used` clips that are in the group `column:value`; all where it is None."""
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
