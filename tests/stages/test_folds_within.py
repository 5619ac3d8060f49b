"""A group alone: whose clips stay, and what is said where there is no such group."""

import pyarrow as pa
import pytest

from duchenne.errors import FoldsError
from stages.folds import members

CLIPS = pa.table(
    {
        "clip": ["a", "b", "c", "d"],
        "age": [8.0, 30.0, 40.0, None],
        "gender": ["female", "female", "male", None],
        "place": ["room 1", "at: home", "room 1", "room 2"],
    }
)
USED = {"a", "c", "d"}


@pytest.mark.parametrize(
    ("within", "left"),
    [
        (None, {"a", "c", "d"}),
        ("gender:female", {"a"}),
        ("place:room 1", {"a", "c"}),
        ("place: room 2", {"d"}),
    ],
)
def test_the_used_clips_of_a_group_are_left(within, left):
    assert members(CLIPS, USED, within) == left


def test_a_value_may_have_a_colon():
    assert members(CLIPS, {"b", "c"}, "place:at: home") == {"b"}


@pytest.mark.parametrize(
    ("within", "says"),
    [
        (
            "gender:femal",
            r"has the gender 'femal'; did you mean 'female'\? Allowed: female, male\.",
        ),
        ("place:at: home", r"no clip that is used has the place 'at: home'; Allowed: room 1, room"),
        ("sex:female", r"'sex' is no group of this data set; Allowed: gender, place\."),
        ("age:8", r"'age' is no group"),
    ],
)
def test_a_group_that_nobody_is_in_is_an_error_that_lists_what_there_is(within, says):
    with pytest.raises(FoldsError, match=says):
        members(CLIPS, USED, within)


def test_a_set_without_groups_says_so():
    with pytest.raises(FoldsError, match="there are none; write null to take all clips"):
        members(CLIPS.select(["clip", "age"]), USED, "gender:female")
