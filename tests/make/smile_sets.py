"""Folders of empty files with the names and numbers of clips of the published sets.

The number of clips of each subject is drawn as in tests/make/sets.py; only totals are published.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from duchenne.datasets.splits.case import Case
from tests.make import sets


class Clip(NamedTuple):
    """A clip: its name in papers, its subject and its label."""

    ident: str
    subject: str
    label: int


def uva_nemo() -> list[Clip]:
    """1,240 smiles of 400 people: 597 spontaneous by 357 of them, 643 posed by 368."""
    return [
        Clip(f"{case.subject}_{_word(case.label, 'deliberate')}_smile_{number}", *case[1:3])
        for case, number in _numbered(sets.uva())
    ]


def spos() -> list[Clip]:
    """80 smiles of 7 people, each with two posed ones."""
    return [
        Clip(f"{_word(case.label, 'posed')}_{case.subject}-{number}", *case[1:3])
        for case, number in _numbered(sets.spos())
    ]


def bbc() -> list[Clip]:
    """20 people with a smile each."""
    words = ("posed", "Genuine")
    return [Clip(f"{words[n % 2]}_smilecontent q{n:02d}", f"q{n:02d}", n % 2) for n in range(1, 21)]


def mmi() -> list[Clip]:
    """184 sessions: 46 posed ones from 108 to 2003, 138 spontaneous ones from 2004 on."""
    posed = [*range(108, 153), 2003]
    numbers = {0: iter(posed), 1: iter(range(2004, 2142))}
    return [Clip(str(next(numbers[case.label])), *case[1:3]) for case in sets.mmi()]


def make(folder: Path, clips: Iterable[Clip], ending: str = ".mp4") -> Path:
    """Write an empty file for each clip into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for clip in clips:
        (folder / f"{clip.ident}{ending}").touch()
    return folder


def write_sessions(folder: Path, clips: Iterable[Clip]) -> None:
    """Write subjects.csv with the subject of each session of MMI."""
    rows = [f"{clip.ident},{clip.subject}" for clip in clips]
    (folder / "subjects.csv").write_text("\n".join(["session,subject", *rows]))


Parts = Mapping[str, Sequence[Clip]]


def parts(clips: Sequence[Clip], count: int) -> Parts:
    """Test parts of whole subjects, named 1, 2, … like published folds."""
    people = sorted({clip.subject for clip in clips})
    home = {name: str(at % count + 1) for at, name in enumerate(people)}
    folds = sorted(set(home.values()), key=int)
    return {fold: [clip for clip in clips if home[clip.subject] == fold] for fold in folds}


def write_labels(folder: Path, tests: Parts) -> Path:
    """Write labels/<fold>/train.json and test.json; a fold trains on the other folds' tests."""
    for fold, tested in tests.items():
        others = [clip for name, part in tests.items() if name != fold for clip in part]
        write_part(folder, fold, "test", tested)
        write_part(folder, fold, "train", others)
    return folder


def write_part(folder: Path, fold: str, part: str, clips: Iterable[Clip]) -> None:
    place = folder / "labels" / fold
    place.mkdir(parents=True, exist_ok=True)
    text = json.dumps({clip.ident: clip.label for clip in clips})
    (place / f"{part}.json").write_text(text)


def _numbered(cases: Sequence[Case]) -> list[tuple[Case, int]]:
    """Each clip with its number, from 1, among the clips of its subject and class."""
    seen: Counter[tuple[str, int]] = Counter()
    found = []
    for case in cases:
        seen[case.subject, case.label] += 1
        found.append((case, seen[case.subject, case.label]))
    return found


def _word(label: int, posed: str) -> str:
    return "spontaneous" if label else posed
