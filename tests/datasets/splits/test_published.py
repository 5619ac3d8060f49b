import pytest

from duchenne.datasets.splits.check import check
from duchenne.datasets.splits.published import published
from duchenne.errors import FoldsError
from tests.make import sets


def by_subject(names: list[str]) -> dict[str, str]:
    """The fold of each clip of the BBC look-alike, a name for every pair of subjects."""
    return {case.clip: names[at // 2] for at, case in enumerate(sets.bbc())}


NUMBERS = [str(number) for number in range(1, 11)]


def test_the_test_parts_are_those_that_were_published():
    rows = published(sets.bbc(), by_subject(NUMBERS), val=0.1, seed=0)
    check(rows, sets.bbc())
    tests = sets.only_tested(rows, sets.bbc())
    assert tests == {f"{n + 1:02d}": {f"q{2 * n:02d}", f"q{2 * n + 1:02d}"} for n in range(10)}
    assert list(tests) == sorted(tests)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["2", "10"], ["02", "10"]),
        (["1", "2"], ["1", "2"]),
        (["a", "7", "100"], ["007", "100", "a"]),
        (["1", "01", "2"], ["01", "02"]),
        (["fold-1", "fold_2"], ["fold-1", "fold_2"]),
    ],
)
def test_numbers_are_padded_and_other_names_kept(given, named):
    parts = by_subject([given[at % len(given)] for at in range(10)])
    rows = published(sets.bbc(), parts, val=0.1, seed=0)
    assert list(dict.fromkeys(row.fold for row in rows)) == named


def test_clips_that_are_no_longer_used_may_have_a_fold():
    parts = by_subject(NUMBERS)
    rows = published(sets.bbc()[2:], parts, val=0.1, seed=0)
    check(rows, sets.bbc()[2:])
    assert "01" not in {row.fold for row in rows}


def test_a_clip_without_a_fold_is_named():
    parts = by_subject(NUMBERS)
    del parts["q03-01"], parts["q11-01"]
    parts["q15-01"] = ""
    with pytest.raises(FoldsError, match=r"3 clips \(q03-01, q11-01, q15-01\)$"):
        published(sets.bbc(), parts, val=0.1, seed=0)


def test_folds_that_share_a_person_are_refused():
    cases = sets.spos()
    parts = {case.clip: "1" if case.subject < "s" else "2" for case in cases}
    parts["nelly-01"] = "2"
    with pytest.raises(FoldsError, match=r"published folds share 1 subject \(nelly\)"):
        published(cases, parts, val=0.1, seed=0)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1"] * 10, "two are needed at least, and there are 1"),
        ([*NUMBERS[:9], "../x"], r"1 fold \(\.\./x\)"),
        ([*NUMBERS[:9], ".hidden"], r"1 fold \(\.hidden\)"),
        ([*NUMBERS[:8], "fold 9", "fünf"], r"2 folds \(fold 9, fünf\)"),
    ],
)
def test_names_that_cannot_be(names, message):
    with pytest.raises(FoldsError, match=message):
        published(sets.bbc(), by_subject(names), val=0.1, seed=0)


def test_no_clips():
    with pytest.raises(FoldsError, match="there are 0"):
        published([], {}, val=0.1, seed=0)
