"""The subject in a session.xml, and files that are not to be read."""

from pathlib import Path

import pytest

from duchenne.datasets.adapters.sessions import subject_of
from duchenne.errors import Unusable

BOMB = (
    '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<session><subject>&b;&b;</subject></session>"
)
OUTSIDE = '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><session><subject>&a;</subject></session>'


def read(folder: Path, text: str, encoding: str = "utf-8") -> str | None:
    path = folder / "session.xml"
    path.write_text(text, encoding=encoding)
    return subject_of(path)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ('<session><subject id="3"/></session>', "3"),
        ('<session><Subject ID="3">Anna</Subject></session>', "3"),
        ("<session><a><subject> 3 </subject></a></session>", "3"),
        ("<session><subject><b/>3</subject></session>", "3"),
        ('<session subject="3"/>', "3"),
        ('<Session subjectId="3"><track/></Session>', "3"),
        ('<x:session xmlns:x="urn:mmi"><x:subject id="3"/></x:session>', "3"),
        ('<session subject="3"><subject id="3"/></session>', "3"),
        ('<session><track subject="3"/></session>', None),
        ('<session><subject id=""/></session>', None),
        ("<session/>", None),
    ],
)
def test_the_subject_is_found_wherever_it_is_written(
    text: str, subject: str | None, tmp_path: Path
):
    assert read(tmp_path, text) == subject


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "it declares a document type"),
        (OUTSIDE, "it declares a document type"),
        ("<session>", "no valid XML"),
        ("", "the file has no bytes"),
        ('<s><subject id="3"/><subject id="4"/></s>', r"several subjects \(3, 4\)"),
        (f"<s>{' ' * 1_000_000}</s>", "larger than 1 MB"),
    ],
)
def test_what_is_not_to_be_read_is_told(text: str, says: str, tmp_path: Path):
    with pytest.raises(Unusable, match=says):
        read(tmp_path, text)


def test_a_document_type_is_refused_in_any_encoding(tmp_path: Path):
    with pytest.raises(Unusable, match="it declares a document type"):
        read(tmp_path, f'<?xml version="1.0" encoding="utf-16"?>{BOMB}', "utf-16")
