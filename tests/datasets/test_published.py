"""A set held against the published one: what differs, and what is missing by name."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from duchenne.datasets import labels
from duchenne.datasets.adapters import ADAPTERS
from duchenne.datasets.clip import LABEL_NAMES, Found
from duchenne.datasets.published import check_scheme, compare, warnings
from duchenne.errors import DatasetError
from tests.datasets.test_naming import SETS
from tests.make import smile_sets
from tests.make.smile_sets import Clip

UVA = smile_sets.uva_nemo()


def found(clips: Sequence[Clip]) -> list[Found]:
    return [
        Found(f"{clip.ident}.mp4", clip.subject, clip.label, LABEL_NAMES[clip.label])
        for clip in clips
    ]


def test_the_look_alike_of_uva_nemo_has_the_published_people():
    posed, spontaneous = ({clip.subject for clip in UVA if clip.label == n} for n in (0, 1))
    assert (len(posed), len(spontaneous), len(posed & spontaneous)) == (368, 357, 325)


@pytest.mark.parametrize("name", SETS)
def test_a_whole_set_differs_in_nothing(name: str):
    facts = compare(ADAPTERS[name], found(SETS[name]()), [])
    assert facts["against_published"] == {}
    assert facts["missing"] == []
    assert warnings(facts) == []


def test_a_difference_is_counted_where_names_cannot_be_known():
    kept = [clip for clip in UVA if clip.ident != "000_deliberate_smile_1"]
    facts = compare(ADAPTERS["uva-nemo"], found(kept), [])
    assert facts["published"] == {
        "clips": 1240, "spontaneous": 597, "posed": 643, "subjects": 400
    }  # fmt: skip
    assert facts["against_published"] == {"clips": -1, "posed": -1}
    assert facts["missing"] == []
    [warning] = warnings(facts)
    assert warning.endswith(": 1239 clips instead of 1240, 642 posed instead of 643")


def test_people_and_clips_too_many_are_counted_as_well():
    more = [*UVA, Clip("999_deliberate_smile_1", "999", 0)]
    facts = compare(ADAPTERS["uva-nemo"], found(more), [])
    assert facts["against_published"] == {"clips": 1, "posed": 1, "subjects": 1}


def test_published_folds_name_what_is_missing_and_what_they_do_not_know(tmp_path: Path):
    folds = labels.read(smile_sets.write_labels(tmp_path, smile_sets.parts(UVA, 10)))
    facts = compare(
        ADAPTERS["uva-nemo"], found([*UVA[2:], Clip("999_deliberate_smile_1", "999", 0)]), folds
    )
    assert facts["missing"] == sorted(clip.ident for clip in UVA[:2])
    assert facts["not_in_labels"] == ["999_deliberate_smile_1"]
    assert facts["published_folds"] == 10
    assert facts["problems_of_labels"] == []
    said = "; ".join(warnings(facts))
    assert f"missing from the set: {', '.join(facts['missing'])}" in said
    assert "clips that the published folds do not know: 999_deliberate_smile_1" in said


def test_bbc_s_numbering_names_what_is_missing():
    bbc = [clip for clip in smile_sets.bbc() if clip.subject not in ("q07", "q20")]
    facts = compare(ADAPTERS["bbc"], found(bbc), [])
    assert facts["missing"] == ["the clip of q07", "the clip of q20"]


def test_a_set_of_one_s_own_has_nothing_to_be_held_against():
    assert compare(ADAPTERS["folder"], found(UVA), []) == {}


def test_published_folds_must_hold_once_they_are_used(tmp_path: Path):
    tests = dict(smile_sets.parts(UVA, 10))
    clip = tests["1"][0]
    tests["2"] = [*tests["2"], clip]
    folds = labels.read(smile_sets.write_labels(tmp_path, tests))
    check_scheme("stratified", found(UVA), folds, folder=tmp_path)
    with pytest.raises(DatasetError) as refusal:
        check_scheme("published", found(UVA), folds, folder=tmp_path)
    assert str(refusal.value).startswith(f"{tmp_path / 'labels'}: ")
    assert f"tested by more than one fold: {clip.ident} (fold 1, 2)" in str(refusal.value)
    assert f"{clip.subject} in fold 1 (train {clip.ident}; test" in str(refusal.value)
    [warning] = warnings(compare(ADAPTERS["uva-nemo"], found(UVA), folds))
    assert warning.startswith("the published folds cannot be trusted: ")


def test_published_folds_that_are_not_there_are_asked_for(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"holds no <fold>/train\.json and test\.json; put"):
        check_scheme("published", found(UVA), [], folder=tmp_path)
    official = [Found("a.png", "p", 0, "angry", fold="official", role="train")]
    check_scheme("published", official, [], folder=tmp_path)
