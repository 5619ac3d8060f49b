"""The subjects of a data set: one spelling for each, and their groups in subjects.csv.

A person under two spellings would count as two subjects, and could be in train and test at once.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from duchenne.datasets import spreadsheet
from duchenne.datasets.clip import Found, Group
from duchenne.datasets.spelling import bare, hidden, plain
from duchenne.errors import DatasetError, listed
from duchenne.subjects import is_unknown

TABLE = "subjects.csv"

# Converts a subject as in subjects.csv to the set's own form; None if that table lists sessions.
Written = Callable[[str], str] | None

_ALONE = {
    "subjects_without_clips": f"{TABLE} lists subjects without a clip",
    "not_in_subjects_csv": f"{TABLE} does not list these subjects, who have no groups of it",
}


class ListedSubject(NamedTuple):
    """One row of subjects.csv."""

    given: str  # as written there
    subject: str  # in the set's own form
    groups: Mapping[str, Group]


def known(folder: Path, found: Sequence[Found], written: Written) -> list[Found]:
    """The clips with their subjects in one spelling and with the groups of subjects.csv.

    Names that differ only by case, accents or invisible characters are refused. Unknown subjects
    (FER2013) are exempt: their names come from files, not from people.
    """
    rows = _rows(folder, written)
    given = {clip.subject: clip.place for clip in reversed(found) if not is_unknown(clip.subject)}
    places = {row.subject: TABLE for row in rows} | {plain(name): at for name, at in given.items()}
    problems = [
        *_hidden([*((row.given, TABLE) for row in rows), *given.items()]),
        *_twice(rows),
        *_alike(places, rows, written),
    ]
    if problems:
        raise DatasetError(f"{folder}: {'; '.join(problems)}")
    people = {row.subject: row.groups for row in rows}
    return [_known(clip, people) for clip in found]


def notes(folder: Path, found: Sequence[Found], written: Written) -> dict[str, Any]:
    """Subjects that are only in subjects.csv or only among the clips, as an adapter's `Notes`.

    Empty if there is no such table, or no such subject.
    """
    if written is None or not (folder / TABLE).exists():
        return {}
    table = {row.subject for row in _rows(folder, written)}
    clips = {clip.subject for clip in found}
    alone = {
        "subjects_without_clips": sorted(table - clips),
        "not_in_subjects_csv": sorted(name for name in clips - table if not is_unknown(name)),
    }
    named = {key: names for key, names in alone.items() if names}
    remarks = [f"{_ALONE[key]}: {listed(names)}" for key, names in named.items()]
    return {**named, "remarks": remarks} if named else {}


def _rows(folder: Path, written: Written) -> list[ListedSubject]:
    path = folder / TABLE
    if written is None or not path.exists():
        return []
    rows = spreadsheet.read(path, needs=["subject"])
    nameless = [plain(" ".join(row.values())) for row in rows if not row["subject"]]
    if nameless:
        raise DatasetError(f"{path}: rows without a subject: {'; '.join(nameless)}")
    groups = spreadsheet.groups(rows, leave=["subject"])
    names = [row["subject"] for row in rows]
    return [
        ListedSubject(name, written(plain(name)), own)
        for name, own in zip(names, groups, strict=True)
    ]


def _known(clip: Found, people: Mapping[str, Mapping[str, Group]]) -> Found:
    subject = plain(clip.subject)
    return replace(clip, subject=subject, groups={**people.get(subject, {}), **clip.groups})


def _hidden(given: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Problem: names with invisible characters; `given` are (name, place)."""
    signs = [(name, place, hidden(name)) for name, place in given]
    named = [f"{place} ({name!r}: {sign})" for name, place, sign in signs if sign]
    if named:
        yield f"invisible characters in names of subjects, to be taken out: {', '.join(named)}"


def _twice(rows: Sequence[ListedSubject]) -> Iterator[str]:
    """Problem: subjects in two rows of subjects.csv."""
    counts = Counter(row.subject for row in rows)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        yield f"subjects that stand twice in {TABLE}: {', '.join(twice)}"


def _alike(
    places: Mapping[str, str], rows: Sequence[ListedSubject], written: Written
) -> Iterator[str]:
    """Problem: names that differ by case or accents alone, unless subjects.csv lists each."""
    known_as: dict[str, list[str]] = {}
    for name in sorted(places):
        known_as.setdefault(bare(name), []).append(name)
    table = {row.subject for row in rows}
    pairs = [
        " and ".join(f"{name} ({places[name]})" for name in names)
        for names in known_as.values()
        if len(names) > 1 and not table.issuperset(names)
    ]
    if pairs:
        ways = f", or list both in {TABLE} where they are two people" if written else ""
        yield (
            f"subjects that differ by case or accents alone: {'; '.join(pairs)}; "
            f"write one person in one way{ways}"
        )
