"""The subject that MMI's session.xml names.

Read by events, so that a file that declares a document type is refused before it can define an
entity: those can be made to grow beyond any memory, or to read other files.
"""

from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from duchenne.errors import Unusable
from duchenne.media.regular import opened

MOST_BYTES = 1_000_000
_ATTRIBUTES = ("subject", "subjectid")  # of the root


def subject_of(path: Path) -> str | None:
    """By a `subject` element's attribute `id` or its text, or by the root's `subject` or
    `subjectId`, in capitals or not; None where there is none."""
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
    """What has been seen of a file."""

    def __init__(self) -> None:
        self.named: set[str] = set()
        self._depth = 0
        self._text: list[str] | None = None  # of the subject element that is open
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
