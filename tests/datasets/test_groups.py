"""Who is young and who adult, and who is in neither group."""

import math

import pytest

from duchenne.datasets.clip import Found, Group
from duchenne.datasets.groups import with_age_group


def clip(number: int = 0, **groups: Group) -> Found:
    return Found(f"{number}.mp4", f"p{number}", 1, "spontaneous", groups)


@pytest.mark.parametrize(
    ("age", "group"),
    [(0.0, "young"), (17.9, "young"), (18.0, "adult"), (76.0, "adult"),
     (None, None), (math.nan, None), (math.inf, None), (-1.0, None)],
)  # fmt: skip
def test_an_age_makes_a_group_and_an_unknown_one_makes_none(age, group):
    first, _ = with_age_group([clip(age=age, gender="f"), clip(1, age=40.0)], young=18)
    assert first.groups["age_group"] == group
    assert first.groups["gender"] == "f"


def test_the_limit_can_be_set():
    [found] = with_age_group([clip(age=20.0)], young=21)
    assert found.groups["age_group"] == "young"


@pytest.mark.parametrize("groups", [{}, {"age": None}, {"age": "old"}, {"gender": "f"}])
def test_without_ages_in_numbers_there_is_no_such_group(groups):
    assert with_age_group([clip(**groups)], young=18) == [clip(**groups)]


def test_what_the_user_has_named_stays():
    given = [clip(age=12.0, age_group="teen"), clip(1, age=40.0, age_group=None)]
    assert with_age_group(given, young=18) == given
