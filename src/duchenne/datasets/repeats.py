"""How often a set of photographs shows one picture under several names.

Published sets do, so it is no error; but a picture that trains and is tested too, or that has two
labels, weakens every figure, and the report must say how many there are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from duchenne.tables.clips import STILLS

Clip = Mapping[str, Any]


def of(clips: pa.Table) -> dict[str, int]:
    """Counts of what is shown by more than one clip; empty where no picture is."""
    by_content: dict[str, list[Clip]] = {}
    for clip in clips.select(["kind", "sha256", "label", "role"]).to_pylist():
        if clip["sha256"] and clip["kind"] in STILLS:
            by_content.setdefault(clip["sha256"], []).append(clip)
    same = [alike for alike in by_content.values() if len(alike) > 1]
    if not same:
        return {}
    return {
        "contents": len(same),
        "clips": sum(len(alike) for alike in same),
        "in_train_and_test": sum(_taught_and_tested(alike) for alike in same),
        "under_several_labels": sum(len({clip["label"] for clip in alike}) > 1 for alike in same),
    }


def _taught_and_tested(alike: Sequence[Clip]) -> bool:
    return {"train", "test"} <= {clip["role"] for clip in alike}
