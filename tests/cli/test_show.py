"""What `duchenne show` draws of a clip: the chart's data, its words, and what it says instead."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from duchenne.cli import sheet, show
from duchenne.cli.main import app
from duchenne.cli.sheet import Sheet
from duchenne.errors import DatasetError, DuchenneError, EngineError, StageError
from duchenne.flow.unit import StatusRow
from tests.make.crops import SIZE, face
from tests.make.sheets import EVENTS, MARKERS, NAN, TIMES, write_sheet_project
from tests.rules.imports import ROOT

NO_SMILE = {name: NAN for name in MARKERS if name.startswith(("onset", "apex", "offset"))}
VERDICT = StatusRow("smile", "partial", "no_smile", "a pull of 0.01", "dmarkers")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_sheet_project(tmp_path)


def words(root: Path) -> str:
    return " ".join(show.gather(root, "smile").remarks)


def layers(seen: Sheet) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Each layer of each view: its kind of mark and its rows."""
    views = sheet.chart(seen)["vconcat"]
    found = [layer for view in views for layer in view["layer"]]
    return [(layer["mark"]["type"], layer["data"]["values"]) for layer in found]


def rows(seen: Sheet, mark: str) -> list[dict[str, Any]]:
    return [row for kind, values in layers(seen) if kind == mark for row in values]


def panels(seen: Sheet) -> list[Any]:
    """The titles of the signals' axes."""
    views = sheet.chart(seen)["vconcat"]
    every = [layer["encoding"].get("y", {}) for view in views for layer in view["layer"]]
    return [y["axis"]["title"] for y in every if y.get("field") == "value"]


# ---- What is drawn -------------------------------------------------------------------------------
def test_a_frame_in_the_middle_of_each_phase_with_its_landmarks(project: Path):
    """Landmarks are in px of the source, and stored frames half as large."""
    found = show.gather(project, "smile").moments
    assert [(m.name, round(m.time, 2)) for m in found] == [
        ("rest", 0.4), ("onset", 1.2), ("apex", 1.9), ("offset", 2.7),
    ]  # fmt: skip
    for moment in found:
        assert moment.pixels.shape == (SIZE[1] // 2, SIZE[0] // 2, 3)
        assert moment.points is not None
        assert moment.points[:, :2] == pytest.approx(face()[:, :2] / 2, abs=1e-3)


def test_the_sheet_has_frames_phases_smiles_blinks_and_signals(project: Path):
    seen = show.gather(project, "smile")
    captions = [row["words"] for row in rows(seen, "text") if "words" in row]
    assert captions == ["rest, 0.40 s", "onset, 1.20 s", "apex, 1.90 s", "offset, 2.70 s"]
    assert len(rows(seen, "image")) == 4
    bars = [row for row in rows(seen, "bar") if row["row"] != "phases"]
    assert [(row.get("chosen"), row["start"], row["end"]) for row in bars] == [
        (True, 1.0, 3.0), (False, 3.3, 3.8), (None, 0.5, 0.75),
    ]  # fmt: skip
    assert [row["shut"] for row in rows(seen, "tick")] == [0.6]
    assert [title[0] for title in panels(seen)] == ["lip", "eyelid", "cheek"]
    assert {(row["name"], row["start"]) for row in rows(seen, "rect") if "start" in row} == {
        ("rest", 0.0), ("onset", 1.0), ("apex", 1.5), ("offset", 2.4),
    }  # fmt: skip
    assert [(row["time"], row["value"]) for row in rows(seen, "line")][38:40] == [
        (3.8, 3.8), (3.9, None),
    ]  # fmt: skip


# ---- What is said --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "2 smiles, D-Markers are of number 1; rest at the start, 0.00 to 0.80 s; amplitude "
             "0.125 and noise 0.0020 resting mouth widths; 1 blink"),
        ({"markers": {"smiles": 1, "rest": "found"}, "events": EVENTS[:1]},
         "1 smile; rest found, 0.00 to 0.80 s;"),
        ({"markers": {"rest": "none"}}, "no resting face was found, so that amplitudes are unc"),
        ({"events": [{**EVENTS[0], "cut_end": True, "blink": True}]},
         "the clip ends within it; with a blink;"),
        ({"blinks": []}, "; no blinks"),
        ({"markers": {"offset_start": NAN, "offset_end": NAN}}, "not found: offset"),
        ({"markers": {**NO_SMILE, "smiles": 0}, "events": [], "status": VERDICT},
         "not found: onset, apex, offset; no_smile (a pull of 0.01), partial, found by stage dm"),
        ({"kind": "landmarks"}, "coordinates, no pictures to decode"),
    ],
)  # fmt: skip
def test_what_was_found_is_said(given: dict[str, Any], said: str, tmp_path: Path):
    assert said in words(write_sheet_project(tmp_path, **given))


def test_a_phase_that_was_not_found_has_no_frame_and_no_shade(tmp_path: Path):
    markers = {"offset_start": NAN, "offset_end": NAN, "rest": "none"}
    seen = show.gather(write_sheet_project(tmp_path, markers=markers), "smile")
    assert [moment.name for moment in seen.moments] == ["onset", "apex"]
    captions = [row["words"] for row in rows(seen, "text") if "words" in row]
    assert (captions[0], captions[3]) == ("rest: not found", "offset: not found")
    assert {row["name"] for row in rows(seen, "bar") if row.get("row") == "phases"} == {
        "onset", "apex",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lost", "said", "frames"),
    [
        ("data/frames/smile.parquet", "without pictures, since data/frames/smile.parquet", 0),
        ("data/mesh/smile.parquet", "without landmarks, since data/mesh/smile.parquet", 4),
        ("data/events.parquet", "2 smiles", 4),
        ("data/blinks.parquet", "mouth widths", 4),
        ("data/status/dmarkers.parquet", "2 smiles", 4),
    ],
)
def test_what_is_not_here_is_left_out(lost: str, said: str, frames: int, project: Path):
    (project / lost).unlink()
    seen = show.gather(project, "smile")
    assert said in " ".join(seen.remarks)
    assert "blink" not in " ".join(seen.remarks) or "blinks" not in lost
    assert len(rows(seen, "image")) == frames
    assert len(sheet.png(sheet.chart(seen))) > 10_000


def test_a_clip_of_landmarks_has_signals_alone(tmp_path: Path):
    seen = show.gather(write_sheet_project(tmp_path, kind="landmarks"), "smile")
    assert rows(seen, "image") == []
    assert len(panels(seen)) == 3


def test_landmarks_without_cheeks_have_two_signals(tmp_path: Path):
    seen = show.gather(write_sheet_project(tmp_path, points=68), "smile")
    assert [title[0] for title in panels(seen)] == ["lip", "eyelid"]
    assert sheet.chart(seen)["vconcat"][-1]["layer"][-1]["encoding"]["x"]["axis"]["labels"]
    assert len(rows(seen, "image")) == 4


def test_a_frame_without_a_face_has_no_landmarks(tmp_path: Path):
    markers = {"offset_start": 3.8, "offset_end": float(TIMES[-1]) + 0.1}
    *_, offset = show.gather(write_sheet_project(tmp_path, markers=markers), "smile").moments
    assert (offset.time, offset.points) == (TIMES[-1], None)


# ---- The file ------------------------------------------------------------------------------------
def test_the_command_writes_a_picture_where_git_ignores_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(project)
    (project / "dvc.yaml").touch()
    done = CliRunner().invoke(app, ["show", "smile"])
    assert done.exit_code == 0, done.output
    written = project / "data/reports/show/smile.png"
    assert done.output.split() == [str(written)]
    assert "/show" in (ROOT / "data/reports/.gitignore").read_text("utf-8").split()
    with Image.open(io.BytesIO(written.read_bytes())) as picture:
        assert picture.format == "PNG"
        assert 1500 < picture.width < 1700
        assert 900 < picture.height < 1400


def test_another_place(project: Path):
    assert show.show(project, "smile", project / "new/Sheet.PNG").stat().st_size > 10_000
    assert not (project / "data/reports/show").exists()


@pytest.mark.parametrize(
    ("clip", "given", "error", "said"),
    [
        ("othersmile", {}, DatasetError, "no clip 'othersmile'; did you mean other_smile, smile?"),
        ("x", {}, DatasetError, "no clip 'x'; there are other_smile, smile"),
        ("../clips", {}, DatasetError, "no clip '../clips'"),
        ("other_smile", {}, StageError, "does not have other_smile yet; run `dvc repro`"),
        ("smile", {"kind": "dmarkers"}, DatasetError, "features computed elsewhere"),
        ("smile", {"status": StatusRow("smile", "failed", "no_face", "", "detect")},
         DatasetError, "smile has no signals: no_face, failed, found by stage detect; choose an"),
        ("smile", {"status": StatusRow("smile", "ok", "not_applicable", "a photo", "dmarkers")},
         DatasetError, "not_applicable (a photo), ok"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_one_line(
    clip: str, given: dict[str, Any], error: type[DuchenneError], said: str, tmp_path: Path
):
    with pytest.raises(error) as caught:
        show.show(write_sheet_project(tmp_path, **given), clip)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data/reports/show").exists()


@pytest.mark.parametrize("name", ["clips", "signals", "dmarkers"])
def test_no_results_yet(name: str, project: Path):
    (project / f"data/{name}.parquet").unlink()
    with pytest.raises(StageError, match=f"{name}.parquet is missing; run `dvc repro`"):
        show.show(project, "smile")


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("sheet.jpg", DatasetError, "end it with .png"),
        ("data/clips.parquet/sheet.png", EngineError, "cannot be written"),
    ],
)
def test_a_place_that_cannot_be(name: str, error: type[DuchenneError], said: str, project: Path):
    with pytest.raises(error, match=said):
        show.show(project, "smile", project / name)
