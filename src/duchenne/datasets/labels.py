"""Published folds: labels/<fold>/train.json and test.json, each a flat map from clip to 0 or 1.

`read` reads them and refuses files of another form. `problems` checks the split that they describe:
each clip tested once and with one label, and no subject in both parts of a fold.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from duchenne.datasets.clip import Found
from duchenne.datasets.naming import LABELS_FOLDER
from duchenne.errors import DatasetError, Unusable, listed
from duchenne.media.regular import check_regular

MOST_BYTES = 10_000_000  # some 200 times the size for the 1,240 clips of UvA-NEMO
PARTS = ("train", "test")
Entries = tuple[tuple[str, int], ...]  # (clip, label) as in the file, with any duplicates


@dataclass(frozen=True)
class Fold:
    """One published fold."""

    name: str
    train: Entries
    test: Entries


def read(folder: Path) -> list[Fold]:
    """The published folds of a data set, sorted by name; empty if it has no folder labels/."""
    places = sorted((folder / LABELS_FOLDER).glob("[!.]*/"))
    names = [place.name for place in places if any(_part(place, p).exists() for p in PARTS)]
    problems: list[str] = []
    folds = []
    for name in names:
        parts = [_entries(_part(folder / LABELS_FOLDER / name, part), problems) for part in PARTS]
        folds.append(Fold(name, *parts))
    if problems:
        raise DatasetError(
            f"{folder / LABELS_FOLDER}: not a published split: {'; '.join(problems)}; copy these "
            "files again, or move the folder labels elsewhere"
        )
    return folds


def label_of(folds: Sequence[Fold]) -> dict[str, int]:
    """The label of each clip in the folds; if they contradict each other, the first one."""
    known: dict[str, int] = {}
    for fold in folds:
        for ident, label in fold.test + fold.train:
            known.setdefault(ident, label)
    return known


def with_folds(clips: Sequence[Found], folds: Sequence[Fold]) -> list[Found]:
    """Set `fold` of each clip to the fold that tests it; unchanged if there are no folds."""
    if not folds:
        return list(clips)
    tests = {ident: fold.name for fold in reversed(folds) for ident, _ in fold.test}
    return [replace(clip, fold=tests.get(clip.ident), role=None) for clip in clips]


def _part(fold: Path, part: str) -> Path:
    return fold / f"{part}.json"


def _entries(path: Path, problems: list[str]) -> Entries:
    """The entries of a file; problems with it are appended to `problems`."""
    place = f"{path.parent.name}/{path.name}"
    try:
        check_regular(path)
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES // 1_000_000} MB")
        content = json.loads(path.read_bytes(), object_pairs_hook=_Pairs)
        problems += [f"{place}: {problem}" for problem in _misshapen(content)]
    except Unusable as verdict:
        problems.append(f"{place}: {verdict.detail}")
    except (OSError, RecursionError, ValueError) as error:
        problems.append(f"{place}: {error}")
    else:
        return tuple(content) if isinstance(content, _Pairs) else ()
    return ()


class _Pairs(tuple[tuple[str, Any], ...]):
    """The pairs of a JSON object; a dict would drop duplicate keys without a sign."""

    __slots__ = ()


def _misshapen(content: Any) -> Iterator[str]:
    """Problems with the form of a file's content."""
    if not isinstance(content, _Pairs):
        yield 'not a map such as {"001_deliberate_smile_2": 0}'
        return
    strange = [name for name, label in content if type(label) is not int or label not in (0, 1)]
    if strange:
        yield f"labels other than 0 and 1: {listed(strange)}"


def problems(folds: Sequence[Fold], clips: Sequence[Found]) -> list[str]:
    """All violations of the rules below, given the clips that were found."""
    known = {clip.ident: clip for clip in clips}
    return list(chain.from_iterable(rule(folds, known) for rule in _RULES))


def _listed_once(folds: Sequence[Fold], clips: Mapping[str, Found]) -> Iterator[str]:
    """No file lists a clip more than once."""
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
    """In every fold, each clip is either in train or in test."""
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
    """Each clip is in the test part of exactly one fold."""
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
    """A clip has the same label in all files and in its name."""
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
    """No subject is in both train and test of a fold."""
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
    """The entries of `part`, train or test."""
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


Rule = Callable[[Sequence[Fold], Mapping[str, Found]], Iterator[str]]
_RULES: tuple[Rule, ...] = (
    _listed_once,
    _complements,
    _tested_once,
    _one_label,
    _subjects_apart,
)
