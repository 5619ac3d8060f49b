"""Who is seen in each session of MMI: by subjects.csv, or by the session.xml beside a video.

Where there is a table it alone counts: the owners' numbers of people and those of others are not
the same, and mixed they would make two people of one, or one of two.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from duchenne.datasets import spreadsheet
from duchenne.datasets.adapters import session_xml
from duchenne.datasets.clip import LABELS, Group
from duchenne.errors import DatasetError, Unusable

TABLE = "subjects.csv"
_COLUMNS = ("session", "subject", "label")


@dataclass(frozen=True)
class Told:
    """What is known of a session; `problem` says why no subject is."""

    subject: str | None = None
    label: int | None = None
    groups: Mapping[str, Group] = field(default_factory=dict)
    problem: str = ""


def told(folder: Path, idents: Mapping[str, str]) -> dict[str, Told]:
    """What is known of each session, where `idents` gives the session of each place."""
    if (folder / TABLE).exists():
        table = _table(folder / TABLE)
        return {ident: table.get(ident, Told()) for ident in idents.values()}
    crowded = Counter(PurePosixPath(place).parent for place in idents)
    return {
        ident: _described(folder / place) if crowded[PurePosixPath(place).parent] == 1 else Told()
        for place, ident in idents.items()
    }


def without_clips(folder: Path, idents: Collection[str]) -> list[str]:
    """The sessions of the table, where there is one, that are none of `idents`."""
    table = folder / TABLE
    return sorted(set(_table(table)).difference(idents), key=int) if table.exists() else []


def _described(clip: Path) -> Told:
    """By the file beside a clip; it describes one session, so the clip must lie there alone."""
    description = clip.with_name("session.xml")
    if not description.exists():
        return Told()
    try:
        return Told(session_xml.subject_of(description))
    except Unusable as verdict:
        return Told(problem=f"session.xml: {verdict.detail}")


def _table(path: Path) -> dict[str, Told]:
    rows = spreadsheet.read(path, needs=_COLUMNS[:2])
    rows = [{name.lower() if name.lower() == "label" else name: cell for name, cell in row.items()}
            for row in rows]  # fmt: skip
    _check(path, rows)
    groups = spreadsheet.groups(rows, leave=_COLUMNS)
    return {
        _number(row["session"]): Told(row["subject"], LABELS.get(row.get("label", "").lower()), own)
        for row, own in zip(rows, groups, strict=True)
    }


def _check(path: Path, rows: list[spreadsheet.Line]) -> None:
    counts = Counter(_number(row["session"]) for row in rows)
    offenders = {
        "listed twice": [name for name, count in counts.items() if count > 1],
        "not a session's number": [r["session"] for r in rows if not r["session"].isdecimal()],
        "without a subject": [row["session"] for row in rows if not row["subject"]],
        "without a label that we know (spontaneous or posed)": [
            f"{row['session']} ({row['label']!r})"
            for row in rows
            if row.get("label") and row["label"].lower() not in LABELS
        ],
    }
    found = [f"{what}: {', '.join(which)}" for what, which in offenders.items() if which]
    if found:
        raise DatasetError(f"{path}: {'; '.join(found)}")


def _number(session: str) -> str:
    """Some write 0108 where others write 108."""
    return session.lstrip("0") or session
