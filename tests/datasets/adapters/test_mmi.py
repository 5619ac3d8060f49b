"""MMI: whom a session shows and with which label, from whatever says so."""

from pathlib import Path

import pytest

from duchenne.config.datasets import SmileDataset
from duchenne.datasets.adapters import mmi
from duchenne.datasets.clip import Found
from duchenne.errors import DatasetError
from tests.make import smile_sets
from tests.make.smile_sets import Clip

SETTINGS = SmileDataset(adapter="mmi")


def find(folder: Path) -> list[Found]:
    return mmi.find(folder, SETTINGS)


def session(folder: Path, number: int, description: str | None = None) -> None:
    """A session's folder as its owners hand it out."""
    place = folder / "Sessions" / str(number)
    place.mkdir(parents=True)
    (place / "S001-001.avi").touch()
    if description is not None:
        (place / "session.xml").write_text(description)


def test_session_xml_says_whom_each_session_shows(tmp_path: Path):
    session(tmp_path, 108, '<session sessionId="108"><subject id="3"/></session>')
    session(tmp_path, 2031, "<session><subject>54</subject></session>")
    assert [(clip.ident, clip.subject, clip.label) for clip in find(tmp_path)] == [
        ("108", "3", 0),
        ("2031", "54", 1),
    ]


def test_a_session_xml_among_several_clips_describes_none_of_them(tmp_path: Path):
    smile_sets.make(tmp_path, [Clip("108", "", 0), Clip("109", "", 0)], ".npy")
    (tmp_path / "session.xml").write_text('<session subject="3"/>')
    with pytest.raises(DatasetError, match="no subject is known for the sessions 108, 109: put"):
        find(tmp_path)


def test_every_session_without_a_subject_is_named_with_what_to_provide(tmp_path: Path):
    session(tmp_path, 2031)
    session(tmp_path, 108, "<session/>")
    session(tmp_path, 109, "<session>")
    session(tmp_path, 110, '<session subject="3"/>')
    with pytest.raises(DatasetError) as refusal:
        find(tmp_path)
    says = str(refusal.value)
    assert "the sessions 108, 109 (session.xml: no valid XML (" in says
    assert "), 2031: put the owners' session.xml beside each video" in says
    assert "or a table subjects.csv (session, subject)" in says
    assert "110" not in says
    assert "\n" not in says


def test_a_table_gives_subjects_labels_and_groups(tmp_path: Path):
    smile_sets.make(tmp_path, [Clip("108", "", 0), Clip("107", "", 0)])
    rows = "Session;subject;Label;gender\n0108;3;spontaneous;female\n107;4;posed;male\n"
    (tmp_path / "subjects.csv").write_text(rows)
    one, other = find(tmp_path)
    assert (one.ident, one.subject, one.label, one.groups) == ("107", "4", 0, {"gender": "male"})
    assert (other.ident, other.subject, other.label) == ("108", "3", 1)


def test_where_there_is_a_table_it_alone_counts(tmp_path: Path):
    """The owners number people otherwise than others do."""
    session(tmp_path, 108, '<session subject="3"/>')
    session(tmp_path, 109, '<session subject="3"/>')
    (tmp_path / "subjects.csv").write_text("session,subject\n108,3\n")
    with pytest.raises(DatasetError, match="the sessions 109: put"):
        find(tmp_path)


def test_labels_are_the_published_ones_before_those_of_the_table(tmp_path: Path):
    clips = [Clip("108", "1", 1), Clip("2031", "2", 0), Clip("2032", "3", 1)]
    smile_sets.make(tmp_path, [*clips, Clip("109", "4", 0)])
    smile_sets.write_labels(tmp_path, smile_sets.parts(clips, 3))
    rows = ["108,1,0", "2031,2,1", "2032,3,1", "109,4,1"]
    (tmp_path / "subjects.csv").write_text("\n".join(["session,subject,label", *rows]))
    labels = {clip.ident: clip.label for clip in find(tmp_path)}
    assert labels == {"108": 1, "2031": 0, "2032": 1, "109": 1}


@pytest.mark.parametrize(("number", "label"), [(108, 0), (2003, 0), (2004, 1)])
def test_else_the_number_says(number: int, label: int, tmp_path: Path):
    session(tmp_path, number, '<session subject="3"/>')
    assert [clip.label for clip in find(tmp_path)] == [label]


def test_a_number_that_says_nothing_is_named(tmp_path: Path):
    session(tmp_path, 107, '<session subject="3"/>')
    session(tmp_path, 7, "<session/>")
    with pytest.raises(DatasetError) as refusal:
        find(tmp_path)
    assert "no subject is known for the sessions 7: " in str(refusal.value)
    assert "no label is known for the sessions 7, 107: say it" in str(refusal.value)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("108,3\n0108,4\n", "listed twice: 108"),
        ("108,\n", "without a subject: 108"),
        ("S108,3\n", "not a session's number: S108"),
        ("108,3,smile\n", r"spontaneous or posed\): 108 \('smile'\)"),
    ],
)
def test_what_is_wrong_with_the_table_is_named(rows: str, says: str, tmp_path: Path):
    smile_sets.make(tmp_path, [Clip("108", "", 0)])
    (tmp_path / "subjects.csv").write_text(f"session,subject,label\n{rows}")
    with pytest.raises(DatasetError, match=says):
        find(tmp_path)
