"""Subjects, labels and groups of MMI's sessions, from subjects.csv or from session.xml.

session.xml is parsed by events, and a document type declaration is refused at once: the entities
that it defines could expand beyond memory or read other files.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NoReturn
from xml.parsers import expat

from duchenne.datasets import spreadsheet
from duchenne.datasets.clip import LABELS, Group
from duchenne.errors import DatasetError, Unusable
from duchenne.media.regular import opened

MOST_BYTES = 1_000_000
_ATTRIBUTES = ("subject", "subjectid")  # of the root
TABLE = "subjects.csv"
_COLUMNS = ("session", "subject", "label")


def subject_of(path: Path) -> str | None:
    """The subject that a session.xml names; None if it names none.

    It is the attribute `id` or the text of an element `subject`, or the attribute `subject` or
    `subjectId` of the root; case does not matter.
    """
    with opened(path) as source:
        data = source.file.read(MOST_BYTES + 1) or b""
    if len(data) > MOST_BYTES:
        raise Unusable("not_a_session", f"larger than {MOST_BYTES // 1_000_000} MB")
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Unusable("not_a_session", f"no valid XML ({error})") from None
    if len(reader.named) > 1:
        raise Unusable("not_a_session", f"several subjects ({', '.join(sorted(reader.named))})")
    return next(iter(reader.named), None)


class _Reader:
    """Event handlers that collect the subjects named in a file."""

    def __init__(self) -> None:
        self.named: set[str] = set()
        self._depth = 0
        self._text: list[str] | None = None  # of the open `subject` element
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._add

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        given = {_local(key): value for key, value in attributes.items()}
        if self._depth == 0:
            self._note(*(given.get(key, "") for key in _ATTRIBUTES))
        if _local(name) == "subject":
            self._note(given.get("id", ""))
            self._text = None if given.get("id") else []
        self._depth += 1

    def _end(self, name: str) -> None:
        self._depth -= 1
        if _local(name) == "subject" and self._text is not None:
            self._note("".join(self._text))
            self._text = None

    def _add(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _note(self, *subjects: str) -> None:
        self.named |= {subject.strip() for subject in subjects if subject.strip()}


def _local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition(" ")[2].lower()


def _refuse(*_: object) -> NoReturn:
    raise Unusable("not_a_session", "it declares a document type (DOCTYPE), which is not read")


@dataclass(frozen=True)
class Session:
    """What is known of a session; `problem` says why the subject is not."""

    subject: str | None = None
    label: int | None = None
    groups: Mapping[str, Group] = field(default_factory=dict)
    problem: str = ""


def known_sessions(folder: Path, idents: Mapping[str, str]) -> dict[str, Session]:
    """What is known of each session; `idents` maps places to session numbers."""
    if (folder / TABLE).exists():
        table = _table(folder / TABLE)
        return {ident: table.get(ident, Session()) for ident in idents.values()}
    # A session.xml describes one session, so it counts only in a folder with a single clip.
    clips_in = Counter(PurePosixPath(place).parent for place in idents)
    return {
        ident: _described(folder / place)
        if clips_in[PurePosixPath(place).parent] == 1
        else Session()
        for place, ident in idents.items()
    }


def without_clips(folder: Path, idents: Collection[str]) -> list[str]:
    """Sessions in subjects.csv that are not in `idents`; empty without that file."""
    table = folder / TABLE
    return sorted(set(_table(table)).difference(idents), key=int) if table.exists() else []


def _described(clip: Path) -> Session:
    """What the session.xml beside a clip tells."""
    description = clip.with_name("session.xml")
    if not description.exists():
        return Session()
    try:
        return Session(subject_of(description))
    except Unusable as verdict:
        return Session(problem=f"session.xml: {verdict.detail}")


def _table(path: Path) -> dict[str, Session]:
    rows = spreadsheet.read(path, needs=_COLUMNS[:2])
    rows = [{name.lower() if name.lower() == "label" else name: cell for name, cell in row.items()}
            for row in rows]  # fmt: skip
    _check(path, rows)
    groups = spreadsheet.groups(rows, leave=_COLUMNS)
    return {
        _number(row["session"]): Session(
            row["subject"], LABELS.get(row.get("label", "").lower()), own
        )
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
    """The session number without leading zeros."""
    return session.lstrip("0") or session
