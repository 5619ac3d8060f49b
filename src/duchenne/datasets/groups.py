"""Young and adult people, told by their age: the groups that published tables compare."""

import math
from collections.abc import Sequence
from dataclasses import replace

from duchenne.datasets.clip import Found, Group

AGE, AGE_GROUP = "age", "age_group"


def with_age_group(found: Sequence[Found], *, young: float) -> list[Found]:
    """The clips with a group `age_group`: young below so many years, else adult.

    There is none where no clip has an age in numbers, nor where the user has named the groups; and
    whose age is not known is in no group.
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
    return age if age >= 0 else None  # -1 often means unknown


def _group(years: float | None, young: float) -> Group:
    if years is None:
        return None
    return "young" if years < young else "adult"
