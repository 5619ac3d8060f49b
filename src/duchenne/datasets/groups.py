"""The group column `age_group`, young or adult, which published tables compare."""

import math
from collections.abc import Sequence
from dataclasses import replace

from duchenne.datasets.clip import Found, Group

AGE, AGE_GROUP = "age", "age_group"


def with_age_group(found: Sequence[Found], *, young: float) -> list[Found]:
    """Add the group `age_group`: "young" below `young` years, else "adult"; None if unknown.

    The clips are returned unchanged if no clip has a numeric age, or if the data set has a column
    `age_group` already.
    """
    named = any(AGE_GROUP in clip.groups for clip in found)
    if named or all(_years(clip) is None for clip in found):
        return list(found)
    return [
        replace(clip, groups={**clip.groups, AGE_GROUP: _group(_years(clip), young)})
        for clip in found
    ]


def _years(clip: Found) -> float | None:
    age = clip.groups.get(AGE)
    if not isinstance(age, float) or not math.isfinite(age):
        return None
    return age if age >= 0 else None  # -1 is a common code for unknown


def _group(years: float | None, young: float) -> Group:
    if years is None:
        return None
    return "young" if years < young else "adult"
