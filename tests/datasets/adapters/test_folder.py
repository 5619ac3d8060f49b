"""A user's own folder of clips: what is found, and what is wrong with the list."""

import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest

from duchenne.config.datasets import DemoDataset, FolderDataset
from duchenne.datasets import listing
from duchenne.datasets.adapters import ADAPTERS, demo
from duchenne.datasets.clip import Found, clip_name, kind_of
from duchenne.datasets.listing import Measured
from duchenne.errors import DatasetError
from duchenne.pipeline.clips import file_of, undecoded

HEADER = "path,subject,label"
SETTINGS = FolderDataset(adapter="folder")
DEMO = DemoDataset(adapter="demo", seed=0, subjects=2, clips_per_subject=2, size=160)


def find(root: Path) -> list[Found]:
    return ADAPTERS["folder"].clips(root, SETTINGS)


def make(root: Path, rows: str, files: list[str], header: str = HEADER) -> Path:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (root / "clips.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("rows", "files", "says"),
    [
        ("a.mp4,p1,1\na.mp4,p2,0\n", ["a.mp4"], "listed twice: a.mp4"),
        ("a.mp4,p1,1\n./a.mp4,p2,0\n", ["a.mp4"], "listed twice: a.mp4"),
        ("a.mp4,p1,1\nb.mp4,p1,1\n", ["a.mp4"], "missing in the folder: b.mp4"),
        ("a.mp4,p1,1\n", ["a.mp4", "x y.mp4", "ü.avi"], "not listed: x y.mp4, ü.avi"),
        ("a.mp4,p1,happy\n", ["a.mp4"], r"we know \(spontaneous or posed\): a.mp4 \('happy'\)"),
        ("a.mp4,p1,\n", ["a.mp4"], "without a label"),
        ("a.mp4,p1,posed\u200b\n", ["a.mp4"], r"without a label .*\('posed\\u200b'\)"),
        ("a.mp4,p1,1\nb.mp4,p1,1,31\n", ["a.mp4"], r"clips\.csv: cells .* in lines 3;"),
        ("a.mp4,,1\n", ["a.mp4"], "without a subject: a.mp4"),
        ("a.txt,p1,1\n", ["a.txt"], "of a kind that cannot be read: a.txt"),
        ("../a.mp4,p1,1\n", [], "missing in the folder: ../a.mp4"),
        ("/etc/a.mp4,p1,1\n", [], "missing in the folder: /etc/a.mp4"),
    ],
)
def test_every_offender_is_named(tmp_path: Path, rows: str, files: list[str], says: str):
    with pytest.raises(DatasetError, match=says):
        find(make(tmp_path, rows, files))


def test_all_problems_come_at_once(tmp_path: Path):
    with pytest.raises(DatasetError) as refusal:
        find(make(tmp_path, "a.mp4,p1,1\na.mp4,p1,1\nb.mp4,,2\n", ["a.mp4", "c.mp4"]))
    for says in ("listed twice", "missing in", "without a subject", "without a label", "c.mp4"):
        assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("path,subject", "needs the columns label; it has path, subject"),
        ("", "needs the columns path, subject, label; it has none"),
        ("path,subject,label,age,age", "these columns stand there twice: age"),
        ("path,path,subject,label", "these columns stand there twice: path"),
    ],
)
def test_a_table_without_its_columns(tmp_path: Path, header: str, says: str):
    with pytest.raises(DatasetError, match=says):
        find(make(tmp_path, "a.mp4,p1\n", ["a.mp4"], header))


def test_no_table_at_all(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"clips\.csv is missing; make a table"):
        find(tmp_path)


@pytest.mark.parametrize(
    ("word", "label", "name"),
    [("1", 1, "spontaneous"), ("0", 0, "posed"), ("Spontaneous", 1, "spontaneous"),
     ("POSED", 0, "posed"), ("genuine", 1, "spontaneous"), ("deliberate", 0, "posed")],
)  # fmt: skip
def test_labels_are_numbers_or_words(tmp_path: Path, word: str, label: int, name: str):
    [clip] = find(make(tmp_path, f"a.mp4,p1,{word}\n", ["a.mp4"]))
    assert (clip.label, clip.label_name) == (label, name)


def test_groups_come_from_both_tables(tmp_path: Path):
    make(tmp_path, "a.mp4,p1,1,room 1\nb.mp4,p2,0,\n", ["a.mp4", "b.mp4"], f"{HEADER},place")
    (tmp_path / "subjects.csv").write_text("subject;age;gender\np1;31;female\np2;;male\n")
    first, second = find(tmp_path)
    assert first.groups == {"age": 31.0, "gender": "female", "place": "room 1"}
    assert second.groups == {"age": None, "gender": "male", "place": None}


def test_a_subject_who_stands_twice_in_subjects_csv(tmp_path: Path):
    make(tmp_path, "a.mp4,p1,1\n", ["a.mp4"])
    (tmp_path / "subjects.csv").write_text("subject,age\np1,31\np1,32\n")
    with pytest.raises(DatasetError, match=r"stand twice in subjects.csv: p1"):
        find(tmp_path)


def test_what_excel_does_to_a_table(tmp_path: Path):
    """A byte order mark, semicolons, Windows line ends, blank lines, spaces, empty columns."""
    (tmp_path / "a.mp4").touch()
    text = "\ufeffPath;Subject;LABEL;;\r\n a.mp4 ;p1; posed ;;\r\n;;\r\n\r\n"
    (tmp_path / "clips.csv").write_text(text, encoding="utf-8", newline="")
    [clip] = find(tmp_path)
    assert (clip.place, clip.subject, clip.label) == ("a.mp4", "p1", 0)


def test_a_name_may_be_spelt_in_either_form_of_unicode(tmp_path: Path):
    composed = unicodedata.normalize("NFC", "lächeln.mp4")
    on_disk = unicodedata.normalize("NFD", composed)
    assert composed != on_disk
    (tmp_path / on_disk).touch()
    (tmp_path / "clips.csv").write_text(f"{HEADER}\n{composed},p1,1\n", encoding="utf-8")
    [clip] = find(tmp_path)
    assert clip.place == on_disk


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("a.mp4", "a"),
        ("s01_posed_1.mp4", "s01_posed_1"),
        ("a b.mp4", "a_b-"),
        ("one/smile.mp4", "one_smile-"),
        (".hidden.mp4", "hidden-"),
        ("笑.mp4", "_-"),
        ("l" * 80 + ".mp4", "l" * 80),
        ("l" * 81 + ".mp4", "l" * 71 + "-"),
    ],
)
def test_clip_names(place: str, name: str):
    made = clip_name(place)
    assert made == name if not name.endswith("-") else made.startswith(name)
    assert len(made) <= 80


def test_altered_names_differ_where_the_files_do():
    assert len({clip_name(place) for place in ("a b.mp4", "a_b.mp4", "a+b.mp4", "a/b.mp4")}) == 4


@pytest.mark.parametrize(
    ("place", "kind"),
    [("a.MP4", "video"), ("a.npy", "landmarks"), ("a.JPG", "image"), ("a.csv", None), ("a", None)],
)
def test_kinds(place: str, kind: str | None):
    assert kind_of(place) == kind


@pytest.mark.parametrize("pair", [("a.mp4", "a.avi"), ("smile.mp4", "Smile.mp4")])
def test_clips_that_would_have_one_name_are_refused(tmp_path: Path, pair: tuple[str, str]):
    found = find(make(tmp_path, "".join(f"{n},p1,1\n" for n in pair), list(pair)))
    with pytest.raises(DatasetError, match=f"would have the same name: {pair[0]} and {pair[1]}"):
        listing.check(found, tmp_path)


def test_an_empty_set_is_refused(tmp_path: Path):
    with pytest.raises(DatasetError, match="holds no clips"):
        listing.check(find(make(tmp_path, "", [])), tmp_path)


def test_the_summary_counts_people_and_classes(tmp_path: Path):
    rows = "a.mp4,p1,1\nb.mp4,p1,0\nc.mp4,p2,1\n"
    root = make(tmp_path / "data/raw/mine", rows, ["a.mp4", "b.mp4", "c.mp4"])
    found = find(root)
    measured = [Measured("x", 1, 1.5), Measured("y", 1, 2.0), Measured(reason="unreadable")]
    clips = listing.table(found, measured, root=tmp_path, folder=root)
    assert listing.summary(clips, dataset="mine") == {
        "dataset": "mine",
        "clips": 3,
        "kinds": {"video": 3},
        "classes": {"posed": 1, "spontaneous": 2},
        "subjects": 2,
        "subjects_with_both_classes": 1,
        "seconds": 3.5,
        "cannot_be_read": ["data/raw/mine/c.mp4"],
    }
    assert [(row.unit, row.reason) for row in undecoded(clips.to_pylist())] == [("c", "unreadable")]
    assert clips.schema.field("label").type == pa.int32()
    assert file_of(clips.to_pylist()[0], root) == root / "a.mp4"


@pytest.mark.parametrize("name", ["clip", "reason", "kind", "sha256", "fold", "label_name"])
def test_group_columns_may_not_bear_names_of_ours(tmp_path: Path, name: str):
    """Or they would overwrite what index has found out."""
    found = find(make(tmp_path, "a.mp4,p1,1,x\n", ["a.mp4"], f"{HEADER},{name}"))
    with pytest.raises(DatasetError, match=f"uses itself: {name}; rename them"):
        listing.check(found, tmp_path)


def test_a_label_in_subjects_csv_is_refused_too(tmp_path: Path):
    make(tmp_path, "a.mp4,p1,1\n", ["a.mp4"])
    (tmp_path / "subjects.csv").write_text("subject,label\np1,0\n")
    with pytest.raises(DatasetError, match="uses itself: label; rename them"):
        listing.check(find(tmp_path), tmp_path)


def test_one_video_under_two_names_is_refused(tmp_path: Path):
    root = make(tmp_path / "data/raw/mine", "a.mp4,p1,1\nb.mp4,p2,0\n", ["a.mp4", "b.mp4"])
    found = find(root)
    clips = listing.table(found, [Measured("x", 1)] * 2, root=tmp_path, folder=root)
    with pytest.raises(DatasetError, match=r"the same content twice: .*a\.mp4 and .*b\.mp4"):
        listing.check_contents(clips, root)


def test_clips_in_linked_folders_are_found_and_links_back_up_end(tmp_path: Path):
    elsewhere = tmp_path / "drive"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "deep" / "a.mp4").touch()
    (elsewhere / "deep" / "up").symlink_to(elsewhere)
    root = tmp_path / "set"
    root.mkdir()
    (root / "linked").symlink_to(elsewhere)
    (root / "clips.csv").write_text(f"{HEADER}\nlinked/deep/a.mp4,p1,1\n")
    assert [clip.place for clip in find(root)] == ["linked/deep/a.mp4"]


def test_the_demo_refuses_files_it_has_not_made(tmp_path: Path):
    (tmp_path / "holiday.mp4").touch()
    with pytest.raises(DatasetError, match=r"not made by the demo: holiday\.mp4"):
        demo.find(tmp_path, DEMO)
