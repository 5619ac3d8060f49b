"""Feature sets of others become data sets, whole or in part, and mistakes are named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from duchenne.cli.import_dmarkers import import_dmarkers
from duchenne.cli.main import app
from duchenne.config.datasets import FolderDataset
from duchenne.datasets.adapters import folder as listed
from duchenne.dmarkers.names import COLUMNS
from duchenne.errors import DatasetError

HEADER = "clip,subject,label,age,mouth_onset_dur,eyes_apex_amp_mean"
ROWS = "a b,p1,spontaneous,12,0.5,\na,p2,posed,30,nan,-0.25\n"


def table(root: Path, rows: str = ROWS, header: str = HEADER) -> Path:
    path = root / "given.csv"
    path.write_text(f"{header}\n{rows}", encoding="utf-8")
    return path


def test_a_partial_table_becomes_a_data_set(tmp_path: Path):
    assert import_dmarkers(table(tmp_path), tmp_path / "set") == (2, 2)
    one, other = listed.find(tmp_path / "set", FolderDataset(adapter="folder"))
    assert (one.subject, one.label, one.groups) == ("p1", 1, {"age": 12.0})
    assert (other.ident, other.kind) == ("a", "dmarkers")
    given = [json.loads((tmp_path / "set" / clip.place).read_text()) for clip in (one, other)]
    assert given == [{"mouth_onset_dur": 0.5}, {"eyes_apex_amp_mean": -0.25}]


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        (ROWS, HEADER.replace("mouth_onset_dur", "mouth_onset_duration"),
         "not names of features: mouth_onset_duration; did you mean 'mouth_onset_dur"),
        (ROWS, "clip,subject,label,age,x,y", "has no feature column such as eyes_onset_dur_rise"),
        (ROWS, HEADER.replace("subject", "person"), "needs the columns subject"),
        ("", HEADER, "has no rows"),
        ("a,p1,1,,x,1\n", HEADER, "a: mouth_onset_dur: 'x' is not a number"),
        ("a,p1,1,,inf,1\n", HEADER, "a: mouth_onset_dur: 'inf' is not a number"),
        ("a,p1,1,,1,1\na,p1,0,,1,1\n", HEADER, "named twice: a, a"),
        ("a,,1,,1,1\n", HEADER, "without a subject: a"),
        ("a,p\u200b1,1,,1,1\n", HEADER, r"invisible .*: a \(U\+200B ZERO WIDTH SPACE\)"),
        ("a,p1,1,,1,1,0.5\n", HEADER, "beyond the header in lines 2;"),
        ("a,p1,happy,,1,1\n,p1,1,,1,1\n", HEADER, "without a name: row 3; .* we know .*: a"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, rows: str, header: str, says: str):
    with pytest.raises(DatasetError, match=says):
        import_dmarkers(table(tmp_path, rows, header), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_nothing_is_overwritten(tmp_path: Path):
    import_dmarkers(table(tmp_path), tmp_path / "set")
    with pytest.raises(DatasetError, match="exists already; choose another --name"):
        import_dmarkers(table(tmp_path), tmp_path / "set")


def test_the_command_says_what_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    given = str(table(tmp_path))
    done = CliRunner().invoke(app, ["import-dmarkers", given, "--name", "mine"])
    assert done.exit_code == 0
    assert "2 clips with 2 of 225 features are in data/raw/mine" in done.stdout
    assert "adapter: folder" in done.stdout
    assert "dvc add data/raw/mine" in done.stdout
    done = CliRunner().invoke(app, ["import-dmarkers", given, "--name", "../mine"])
    assert isinstance(done.exception, DatasetError)


def test_there_are_225_features():
    assert len(set(COLUMNS)) == 225
