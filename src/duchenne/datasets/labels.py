"""Published folds: labels/<fold>/train.json and test.json, each a flat map from clip to 0 or 1.

What they say is checked in duchenne/datasets/label_rules.py; here they are only read.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from duchenne.datasets.clip import Found
from duchenne.datasets.naming import LABELS_FOLDER
from duchenne.errors import DatasetError, Unusable, listed
from duchenne.media.regular import check_regular

MOST_BYTES = 10_000_000  # some two hundred times what 1,240 clips need
PARTS = ("train", "test")

Entries = tuple[tuple[str, int], ...]  # as they stand in the file, even if one stands there twice


@dataclass(frozen=True)
class Fold:
    name: str
    train: Entries
    test: Entries


def read(folder: Path) -> list[Fold]:
    """The folds that came with a set, by name; none where its folder has no labels/."""
    places = sorted((folder / LABELS_FOLDER).glob("*/"))
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
    """The label of every clip that the folds know; where they contradict each other, the first."""
    known: dict[str, int] = {}
    for fold in folds:
        for ident, label in fold.test + fold.train:
            known.setdefault(ident, label)
    return known


def with_folds(clips: Sequence[Found], folds: Sequence[Fold]) -> list[Found]:
    """The clips, each with the fold that tests it; without published folds as they were."""
    if not folds:
        return list(clips)
    tests = {ident: fold.name for fold in reversed(folds) for ident, _ in fold.test}
    return [replace(clip, fold=tests.get(clip.ident), role=None) for clip in clips]


def _part(fold: Path, part: str) -> Path:
    return fold / f"{part}.json"


def _entries(path: Path, problems: list[str]) -> Entries:
    """What a file says; what is wrong with it joins the problems."""
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
    """A JSON object as it was written: a mapping would hide a key that stands there twice."""

    __slots__ = ()


def _misshapen(content: Any) -> Iterator[str]:
    if not isinstance(content, _Pairs):
        yield 'not a map such as {"001_deliberate_smile_2": 0}'
        return
    strange = [name for name, label in content if type(label) is not int or label not in (0, 1)]
    if strange:
        yield f"labels other than 0 and 1: {listed(strange)}"
