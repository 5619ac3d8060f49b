"""Feature sets of others become data sets, whole or in part, and mistakes are named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from duchenne.cli.import_dmarkers import import_dmarkers
from duchenne.cli.main import app
from duchenne.config.datasets import FolderDataset
from duchenne.datasets.adapters import folder as listed
from duchenne.dmarkers.names import COLUMNS
from duchenne.errors import DatasetError
from duchenne.tables.dmarkers import read_given

HEADER = "clip,subject,label,age,mouth_onset_dur,eyes_apex_amp_mean"
ROWS = "a b,p1,spontaneous,12,0.5,\na,p2,posed,30,nan,-0.25\n"


def table(root: Path, rows: str = ROWS, header: str = HEADER) -> Path:
    path = root / "given.csv"
    path.write_text(f"{header}\n{rows}", encoding="utf-8")
    return path


def test_a_partial_table_becomes_a_data_set(tmp_path: Path):
    done = import_dmarkers(table(tmp_path), tmp_path / "set")
    assert (done.clips, done.features, done.groups) == (2, 2, ["age"])
    assert done.classes == {"spontaneous": 1, "posed": 1}
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
        (ROWS, "clip,subject,label,age,x,y", "not names of features: x, y;.* --keep-features"),
        ("a,p1,posed,f,red\n", "clip,subject,label,gender,team",
         "has no feature column such as eyes_onset_dur_rise"),
        (ROWS, HEADER.replace("subject", "person"), "needs the columns subject"),
        ("", HEADER, "has no rows"),
        ("a,p1,posed,,x,1\n", HEADER, "a: mouth_onset_dur: 'x' is not a number"),
        ("a,p1,posed,,inf,1\n", HEADER, "a: mouth_onset_dur: 'inf' is not a number"),
        ("a,p1,posed,,1,1\na,p1,posed,,1,1\n", HEADER, "named twice: a, a"),
        ("a,,posed,,1,1\n", HEADER, "without a subject: a"),
        ("a,p\u200b1,posed,,1,1\n", HEADER, r"invisible .*: a \(U\+200B ZERO WIDTH SPACE\)"),
        ("a,p1,posed,,1,1,0.5\n", HEADER, "beyond the header in lines 2;"),
        ("a,p1,1,,1,1\n", HEADER, "labels are 0 and 1,.* --positive posed"),
        ("a,p1,happy,,1,1\n,p1,posed,,1,1\n", HEADER, "without a name: row 3; .* we know .*: a"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, rows: str, header: str, says: str):
    with pytest.raises(DatasetError, match=says):
        import_dmarkers(table(tmp_path, rows, header), tmp_path / "set")
    assert not (tmp_path / "set").exists()


BLOCK = ("dur", "dur_rise", "amp_mean", "amp_max", "amp_mean_rise", "total_rise", "dur_ratio_rise")
SOUND = {"dur": 0.8, "dur_rise": 0.6, "amp_mean": 0.3, "amp_max": 0.5, "amp_mean_rise": 0.4,
         "total_rise": 0.24, "dur_ratio_rise": 0.75}  # fmt: skip


def block(root: Path, **changed: float) -> Path:
    """A table of eight clips with seconds and a mouth's onset; the last clip has other values."""
    names = [f"mouth_onset_{name}" for name in BLOCK]
    lines = [",".join(["clip,subject,label,seconds", *names])]
    for n in range(8):
        own = {name: value * (1 + n / 10) for name, value in SOUND.items()}
        own |= {"total_rise": own["dur_rise"] * own["amp_mean_rise"], "dur_ratio_rise": 0.75}
        cells = {"seconds": 3.5, **own} | (changed if n == 7 else {})
        lines.append(",".join([f"c{n},p{n},posed", *(f"{cell:.3f}" for cell in cells.values())]))
    path = root / "block.csv"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"dur_rise": -0.2}, r"mouth_onset_dur_rise is below 0 in 1 clips \(c7\)"),
        ({"dur_rise": 1.9}, "mouth_onset_dur_rise is above dur in 1 clips"),
        ({"dur_ratio_rise": 1.2}, "mouth_onset_dur_ratio_rise is above 1 in 1 clips"),
        ({"amp_mean": 1.2}, "mouth_onset_amp_mean is above amp_max in 1 clips"),
        ({"total_rise": 0.2}, "mouth_onset_total_rise is not amp_mean_rise × dur_rise in 1 clips"),
        ({"seconds": 0.0}, "seconds is not above 0 in 1 clips"),
    ],
)
def test_values_that_cannot_be_are_named_with_their_column_and_number(
    tmp_path: Path, changed: dict[str, float], says: str
):
    assert import_dmarkers(block(tmp_path), tmp_path / "sound").clips == 8
    with pytest.raises(DatasetError, match=says):
        import_dmarkers(block(tmp_path, **changed), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_sums_over_frames_are_as_good_as_integrals(tmp_path: Path):
    """A total is then larger by the frame rate, in all clips alike."""
    text = block(tmp_path).read_text().splitlines()
    rows = [line.split(",") for line in text]
    at = rows[0].index("mouth_onset_total_rise")
    for row in rows[1:]:
        row[at] = f"{float(row[at]) * 50:.3f}"
    path = tmp_path / "frames.csv"
    path.write_text("\n".join(",".join(row) for row in rows))
    assert import_dmarkers(path, tmp_path / "set").clips == 8


@pytest.mark.parametrize("positive", ["posed", "spontaneous"])
def test_what_one_means_is_said(tmp_path: Path, positive: Any):
    rows = "a,p1,1,,0.5,\nb,p2,0,,0.5,\nc,p3,0,,0.5,\n"
    done = import_dmarkers(table(tmp_path, rows), tmp_path / "set", positive=positive)
    other = "spontaneous" if positive == "posed" else "posed"
    assert done.classes == {positive: 1, other: 2}
    found = listed.find(tmp_path / "set", FolderDataset(adapter="folder"))
    assert [clip.label_name for clip in found] == [positive, other, other]


def test_features_of_other_names_are_kept_where_that_is_asked_for(tmp_path: Path):
    header = "clip,subject,label,gender,mouth_onset_dur,tau"
    rows = "a,p1,posed,f,0.5,0.1\nb,p2,spontaneous,m,0.4,\n"
    done = import_dmarkers(table(tmp_path, rows, header), tmp_path / "set", keep_features=True)
    assert (done.features, done.others, done.groups) == (1, ["tau"], ["gender"])
    one, other = (read_given(tmp_path / f"set/{name}.dmarkers") for name in "ab")
    assert one.others == {"tau": 0.1}
    assert np.isnan(other.others["tau"])


def test_nothing_is_overwritten(tmp_path: Path):
    import_dmarkers(table(tmp_path), tmp_path / "set")
    with pytest.raises(DatasetError, match="exists already; choose another --name"):
        import_dmarkers(table(tmp_path), tmp_path / "set")


def test_the_command_says_what_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    given = str(table(tmp_path))
    done = CliRunner().invoke(app, ["import-dmarkers", given, "--name", "mine"])
    assert done.exit_code == 0
    says = "2 clips (1 spontaneous, 1 posed) with 2 of 225 features are in data/raw/mine"
    assert says in done.stdout
    assert "groups of people by: age" in done.stdout
    assert "adapter: folder" in done.stdout
    assert "dvc add data/raw/mine" in done.stdout
    done = CliRunner().invoke(app, ["import-dmarkers", given, "--name", "../mine"])
    assert isinstance(done.exception, DatasetError)


def test_there_are_225_features():
    assert len(set(COLUMNS)) == 225
