"""Check the rules of a split, and list the members of its parts, from its rows alone."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, combinations

from duchenne.datasets.splits.case import ROLES, Assignment, Case, listed
from duchenne.errors import FoldsError

Members = Mapping[str, Mapping[str, Sequence[Case]]]
Rule = Callable[[Sequence[Assignment], Sequence[Case]], Iterator[str]]


def members(rows: Sequence[Assignment], cases: Sequence[Case]) -> Members:
    """The cases of each role of each fold, all sorted by name. Unknown clips are left out."""
    known = {case.clip: case for case in cases}
    found: dict[str, dict[str, list[Case]]] = {}
    for fold, clip, role in sorted(rows):
        part = found.setdefault(fold, {name: [] for name in ROLES}).setdefault(role, [])
        part += [known[clip]] if clip in known else []
    return found


def subjects_of(cases: Sequence[Case]) -> set[str]:
    return {case.subject for case in cases}


def classes_of(cases: Sequence[Case]) -> set[int]:
    return {case.label for case in cases}


def check(rows: Sequence[Assignment], cases: Sequence[Case]) -> None:
    """Raise FoldsError, with all violations, if a split breaks any rule."""
    if not rows or not cases:
        raise FoldsError("there is nothing to split: no clip is left, or no fold was made")
    broken = list(chain.from_iterable(rule(rows, cases) for rule in _RULES))
    if broken:
        raise FoldsError(f"the folds cannot be trusted: {'; '.join(broken)}")


def _names(rows: Sequence[Assignment], cases: Sequence[Case]) -> Iterator[str]:
    """Rule: the split has exactly the clips of the list, and known roles."""
    known = {case.clip for case in cases}
    twice = [clip for clip, count in Counter(case.clip for case in cases).items() if count > 1]
    unknown = {row.clip for row in rows} - known
    absent = known - {row.clip for row in rows}
    roles = {row.role for row in rows} - set(ROLES)
    if twice:
        yield f"{listed(sorted(twice), 'clip')} listed twice"
    if unknown:
        yield f"{listed(sorted(unknown), 'clip')} in the folds but not in the list"
    if absent:
        yield f"{listed(sorted(absent), 'clip')} in the list but in no fold"
    if roles:
        yield f"{listed(sorted(roles), 'unknown role')}, where there are {', '.join(ROLES)}"


def _places(rows: Sequence[Assignment], cases: Sequence[Case]) -> Iterator[str]:
    """Rule: each fold has each clip once."""
    places = Counter((row.fold, row.clip) for row in rows)
    folds = {row.fold for row in rows}
    clips = {case.clip for case in cases} & {row.clip for row in rows}
    twice = [f"{clip} in fold {fold}" for (fold, clip), count in places.items() if count > 1]
    missing = [f"{c} in fold {f}" for f in folds for c in clips if (f, c) not in places]
    if twice:
        yield f"{listed(sorted(twice), 'clip')} placed twice in one fold"
    if missing:
        yield f"{listed(sorted(missing), 'clip')} without a place in a fold"


def _subjects(rows: Sequence[Assignment], cases: Sequence[Case]) -> Iterator[str]:
    """Rule: a subject has one role in a fold."""
    shared = [
        f"{subject} in {one} and {other} of fold {fold}"
        for fold, parts in members(rows, cases).items()
        for one, other in combinations(parts, 2)
        for subject in sorted(subjects_of(parts[one]) & subjects_of(parts[other]))
    ]
    if shared:
        yield f"{listed(shared, 'subject')} in two roles"


def _tests(rows: Sequence[Assignment], cases: Sequence[Case]) -> Iterator[str]:
    """Rule: each clip is tested once. One official split tests its test part alone."""
    if len({row.fold for row in rows}) == 1:
        return
    tests = Counter(row.clip for row in rows if row.role == "test")
    never = {case.clip for case in cases} - set(tests)
    twice = [clip for clip, count in tests.items() if count > 1]
    if never:
        yield f"{listed(sorted(never), 'clip')} never tested"
    if twice:
        yield f"{listed(sorted(twice), 'clip')} tested more than once"


def _parts(rows: Sequence[Assignment], cases: Sequence[Case]) -> Iterator[str]:
    """Rule: no part of a fold is empty, and each training part has two classes or more."""
    folds = members(rows, cases)
    empty = [f"{role} of fold {f}" for f in folds for role in ROLES if not folds[f][role]]
    single = [f"fold {f}" for f in folds if len(classes_of(folds[f]["train"])) == 1]
    if empty:
        yield listed(empty, "empty part")
    if single:
        yield f"{listed(single, 'training part')} with clips of one class only"


_RULES: tuple[Rule, ...] = (_names, _places, _subjects, _tests, _parts)
