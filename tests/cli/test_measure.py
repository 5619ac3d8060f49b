"""`duchenne measure` and `duchenne.measure`: the rows of the stages, without stages."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

import duchenne
from duchenne import measuring
from duchenne.cli.main import app
from duchenne.datasets import demo
from duchenne.errors import DatasetError
from duchenne.tables import parquet
from duchenne.tables.blinks import BLINKS
from duchenne.tables.dmarkers import DMARKERS, SIGNALS
from duchenne.tables.events import EVENTS
from duchenne.tables.measured import MEASURED
from duchenne.tables.quality import QUALITY
from tests.make import clips
from tests.make.workspace import Workspace

STAGES = ("index", "decode", "detect", "mesh", "normalize", "quality", "dmarkers")
TABLES = {"markers": DMARKERS, "smiles": EVENTS, "blinks": BLINKS}
PLANS = demo.plan(seed=3, subjects=2, clips_per_subject=2, size=192, kinds=("plain",))
TWICE = demo.plan(seed=3, subjects=2, clips_per_subject=2, size=192, kinds=("two",))


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A set of a smile, two smiles, a film without a face and a broken file, through the stages."""
    workspace = Workspace.make(tmp_path_factory.mktemp("measured"))
    workspace.set(dataset="mine", datasets__mine={"adapter": "folder"}, quality__max_failed=1.0)
    data = workspace.root / "data/raw/mine"
    data.mkdir(parents=True)
    demo.write_video(PLANS[0], data / "one.mp4")
    demo.write_video(TWICE[0], data / "two.mp4")
    clips.write_video(data / "nobody.mp4", frames=30)
    (data / "broken.mp4").write_text("this is no video")
    rows = ["path,subject,label"]
    rows += [f"{path.name},{path.stem},0" for path in sorted(data.glob("*.mp4"))]
    (data / "clips.csv").write_text("\n".join(rows))
    for name in STAGES:
        done = workspace.stage(name)
        assert done.returncode == 0, done.stdout
    return workspace


def told(*words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DUCHENNE_CACHE", str(folder / "cache"))
    monkeypatch.setenv("DUCHENNE_ENGINE", "inline")
    return CliRunner().invoke(app, ["measure", *words])


def without(rows: pa.Table, names: Sequence[str]) -> list[dict[str, object]]:
    """Rows sorted, NaN as None, of these clips."""
    return [
        {k: None if isinstance(v, float) and v != v else v for k, v in row.items()}  # noqa: PLR0124
        for row in rows.to_pylist() if row["clip"] in names
    ]  # fmt: skip


def test_its_rows_are_those_of_the_stages(
    filmed: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "out"
    result = told("data/raw/mine", "--out", str(out), "--csv", folder=filmed.root,
                  monkeypatch=monkeypatch)  # fmt: skip
    assert result.exit_code == 1, result.output
    assert "2 of 4 clips measured" in result.output
    made, staged = ("one", "two"), filmed.root / "data"
    for name, table in TABLES.items():
        ours = parquet.read(table, out / f"{name}.parquet")
        theirs = parquet.read(table, staged / f"{table.name}.parquet")
        assert without(ours, made) == without(theirs, made), name
    whole = parquet.read(SIGNALS, staged / "signals.parquet")
    for clip in made:
        ours = parquet.read(SIGNALS, out / f"signals/{clip}.parquet")
        assert without(ours, made) == without(whole, (clip,))
        assert (out / f"signals/{clip}.csv").read_text().count("\n") == len(ours) + 1
    rows = {row["clip"]: row for row in parquet.read(MEASURED, out / "clips.parquet").to_pylist()}
    rated = {r["clip"]: r for r in parquet.read(QUALITY, staged / "quality.parquet").to_pylist()}
    for clip in made:
        assert rows[clip]["usable"] == rated[clip]["used"]
        for name in ("seen", "gap", "yaw", "jitter", "out_mouth", "faces", "frames"):
            assert rows[clip][name] == rated[clip][name], name
    assert rows["two"]["smiles"] == 2
    assert [(rows[c]["status"], rows[c]["reason"]) for c in ("nobody", "broken")] == [
        ("failed", "no_face"), ("failed", "not_a_video"),
    ]  # fmt: skip
    assert rows["nobody"]["frames"] is None
    assert not (out / ".work").exists()


def test_a_second_call_takes_what_is_measured(
    filmed: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def never(*given: object) -> None:
        raise AssertionError("it was measured already")

    words = ("data/raw/mine/one.mp4", "--out", str(tmp_path / "out"))
    assert told(*words, folder=filmed.root, monkeypatch=monkeypatch).exit_code == 0
    first = (tmp_path / "out/clips.csv").read_bytes()
    monkeypatch.setattr(measuring, "measure_unit", never)
    assert told(*words, folder=filmed.root, monkeypatch=monkeypatch).exit_code == 0
    assert (tmp_path / "out/clips.csv").read_bytes() == first


def test_one_call_from_python_anywhere(
    filmed: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With the package's own settings, in a folder that is no project."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(filmed.root / "data/raw/mine/two.mp4", tmp_path)
    found = duchenne.measure("two.mp4")
    assert (found.status, found.facts["usable"], len(found.smiles)) == ("ok", True, 2)
    assert found.landmarks.shape == (len(found.times), 478, 3)
    assert list(found.frame("smiles")["chosen"]).count(True) == 1
    bad = duchenne.measure(filmed.root / "data/raw/mine/broken.mp4")
    assert (bad.status, bad.reason, len(bad.signals)) == ("failed", "not_a_video", 0)
    with pytest.raises(DatasetError, match="no video and no folder"):
        duchenne.measure("notes.txt")
    with pytest.raises(AttributeError, match="no attribute 'mesure'"):
        _ = duchenne.mesure


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.mp4", "--out", "o"], "there is no nowhere.mp4"),
        (["*.avi", "--out", "o"], "there is no *.avi"),
        (["notes.txt", "--out", "o"], "notes.txt is no video"),
        (["empty", "--out", "o"], "empty holds no videos and no numbered pictures"),
        (["one.mp4", "--out", "."], ". is where one.mp4 lies; name another folder"),
        (["one.mp4", "--out", "notes.txt"], "notes.txt is a file"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    clips.write_video(tmp_path / "one.mp4", frames=6)
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "empty").mkdir()
    result = told(*words, folder=tmp_path, monkeypatch=monkeypatch)
    assert result.exit_code == 2
    assert says in result.output.replace("\n", " ")
    assert not (tmp_path / "o").exists()


def test_numbered_pictures_need_their_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import cv2

    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, picture in enumerate(demo.render(PLANS[0], times=[k / 10 for k in range(12)])):
        cv2.imwrite(str(folder / f"{number:03d}.png"), picture)
    out = tmp_path / "out"
    told("pictures", "--out", str(out), folder=tmp_path, monkeypatch=monkeypatch)
    [row] = parquet.read(MEASURED, out / "clips.parquet").to_pylist()
    assert (row["status"], row["reason"]) == ("failed", "rate_unknown")
    done = told("pictures", "--fps", "10", "--out", str(out), folder=tmp_path,
                monkeypatch=monkeypatch)  # fmt: skip
    assert done.exit_code == 0, done.output
    [row] = parquet.read(MEASURED, out / "clips.parquet").to_pylist()
    assert row["seconds"] == pytest.approx(1.1)
    assert row["frames"] == 12
