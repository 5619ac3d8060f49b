"""Whether published folds can be trusted: every clip tested once, nobody on both sides.

Each rule says what is wrong, or nothing, and names clips, subjects and folds.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from duchenne.datasets.clip import Found
from duchenne.datasets.labels import PARTS, Entries, Fold

Rule = Callable[[Sequence[Fold], Mapping[str, Found]], Iterator[str]]


def problems(folds: Sequence[Fold], clips: Sequence[Found]) -> list[str]:
    """Everything that is wrong with the folds, by what their files and the clips' names say."""
    known = {clip.ident: clip for clip in clips}
    return list(chain.from_iterable(rule(folds, known) for rule in _RULES))


def _listed_once(folds: Sequence[Fold], clips: Mapping[str, Found]) -> Iterator[str]:
    """No file lists a clip twice."""
    twice = [
        f"{ident} in {part} of fold {fold.name}"
        for fold in folds
        for part in PARTS
        for ident, count in Counter(ident for ident, _ in entries(fold, part)).items()
        if count > 1
    ]
    if twice:
        yield f"listed twice in one file: {', '.join(twice)}"


def _complements(folds: Sequence[Fold], clips: Mapping[str, Found]) -> Iterator[str]:
    """Every fold trains on whatever it does not test."""
    every = _idents(folds, *PARTS)
    both: dict[str, list[str]] = defaultdict(list)
    neither: dict[str, list[str]] = defaultdict(list)
    for fold in folds:
        train, test = _idents([fold], "train"), _idents([fold], "test")
        for ident in train & test:
            both[ident].append(fold.name)
        for ident in every - train - test:
            neither[ident].append(fold.name)
    if both:
        yield f"in train and test of one fold: {_placed(both)}"
    if neither:
        yield f"in neither train nor test of a fold: {_placed(neither)}"


def _tested_once(folds: Sequence[Fold], clips: Mapping[str, Found]) -> Iterator[str]:
    """The test parts divide the set among them."""
    homes: dict[str, list[str]] = defaultdict(list)
    for fold in folds:
        for ident in _idents([fold], "test"):
            homes[ident].append(fold.name)
    often = {ident: names for ident, names in homes.items() if len(names) > 1}
    never = sorted(_idents(folds, *PARTS) - set(homes))
    if often:
        yield f"tested by more than one fold: {_placed(often)}"
    if never:
        yield f"tested by no fold: {', '.join(never)}"


def _one_label(folds: Sequence[Fold], clips: Mapping[str, Found]) -> Iterator[str]:
    """A clip has one label, in all files and by its name."""
    said: dict[str, dict[int, str]] = defaultdict(dict)
    for fold in folds:
        for part in PARTS:
            for ident, label in entries(fold, part):
                said[ident].setdefault(label, f"{label} in {part} of fold {fold.name}")
    torn = [f"{ident} ({', '.join(how.values())})" for ident, how in sorted(said.items())
            if len(how) > 1]  # fmt: skip
    against = [
        f"{ident} ({', '.join(how.values())}, {clips[ident].label} by its name)"
        for ident, how in sorted(said.items())
        if ident in clips and len(how) == 1 and clips[ident].label not in how
    ]
    if torn:
        yield f"two labels: {', '.join(torn)}"
    if against:
        yield f"another label than the name says: {', '.join(against)}"


def _subjects_apart(folds: Sequence[Fold], clips: Mapping[str, Found]) -> Iterator[str]:
    """No fold trains on somebody whom it tests."""
    shared = []
    for fold in folds:
        trained, tested = (_by_subject(entries(fold, part), clips) for part in PARTS)
        shared += [
            f"{subject} in fold {fold.name} (train {', '.join(sorted(trained[subject]))}; "
            f"test {', '.join(sorted(tested[subject]))})"
            for subject in sorted(trained.keys() & tested.keys())
        ]
    if shared:
        yield f"subjects in train and test of one fold: {', '.join(shared)}"


def entries(fold: Fold, part: str) -> Entries:
    return fold.train if part == "train" else fold.test


def _idents(folds: Sequence[Fold], *parts: str) -> set[str]:
    return {ident for fold in folds for part in parts for ident, _ in entries(fold, part)}


def _by_subject(part: Entries, clips: Mapping[str, Found]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for ident, _ in part:
        if ident in clips:
            found[clips[ident].subject].add(ident)
    return found


def _placed(homes: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(f"{ident} (fold {', '.join(homes[ident])})" for ident in sorted(homes))


_RULES: tuple[Rule, ...] = (
    _listed_once,
    _complements,
    _tested_once,
    _one_label,
    _subjects_apart,
)
