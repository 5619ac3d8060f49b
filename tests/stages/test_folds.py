"""The scheme `published`: the official roles of a set that has them, else its test folds."""

import pyarrow as pa

from duchenne.config.params import Folds
from duchenne.tables.clips import CLIPS
from stages.folds import split

HOW = Folds(scheme="published", count=10, val=0.2, seed=0, within=None)
PEOPLE = "abcdef"
NULLS = {column.name: None for column in CLIPS.columns}


def table(folds: list[str], roles: list[str | None]) -> pa.Table:
    """Two clips of each of six people, one of each class."""
    rows = [
        {**NULLS, "clip": f"{name}{label}", "subject": name, "label": label,
         "fold": folds[at], "role": roles[at]}
        for at, name in enumerate(PEOPLE)
        for label in (0, 1)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=CLIPS.schema)


def test_official_roles_make_one_fold_with_exactly_these_roles():
    roles = ["train", "train", "train", "val", "test", "test"]
    clips = table(["official"] * 6, list(roles))
    rows = split(clips, set(clips["clip"].to_pylist()), HOW)
    assert {row.fold for row in rows} == {"official"}
    assert {row.clip[0]: row.role for row in rows} == dict(zip(PEOPLE, roles, strict=True))


def test_without_roles_every_published_fold_tests_its_clips():
    clips = table(["1", "1", "2", "2", "3", "3"], [None] * 6)
    rows = split(clips, set(clips["clip"].to_pylist()), HOW)
    tests = {(row.fold, row.clip[0]) for row in rows if row.role == "test"}
    assert tests == set(zip("112233", PEOPLE, strict=True))


def test_an_official_split_without_validation_draws_it_from_its_training_part():
    clips = table(["official"] * 6, ["train", "train", "train", "train", "train", "test"])
    rows = split(clips, set(clips["clip"].to_pylist()), HOW)
    roles = {row.clip[0]: row.role for row in rows}
    assert roles["f"] == "test"
    assert sorted(roles.values()) == ["test", *["train"] * 4, "val"], "a fifth of five people"
