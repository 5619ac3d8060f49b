"""Every kind of broken file through the stage scripts: a row with its reason each."""

import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from duchenne.datasets.clip import clip_name
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.frames import FRAMES
from tests.make import clips
from tests.make.workspace import Workspace

FASTSTART = {"movflags": "faststart"}  # the index in front, so that a cut file keeps it
LONG = "l" * 200
Make = Callable[[Path], object]


def text(path: Path) -> None:
    path.write_text("this is no video\n" * 100)


def broken_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere.mp4"))


def playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n")


# name: (how it is made, status, reason)
CASES: dict[str, tuple[Make, str, str]] = {
    "good.mp4": (clips.write_video, "ok", ""),
    "empty.mp4": (Path.touch, "failed", "empty_file"),
    "text.mp4": (text, "failed", "not_a_video"),
    "playlist.mp4": (playlist, "failed", "not_a_video"),
    "no index.mp4": (lambda p: clips.drop_index(clips.write_video(p)), "failed", "no_index"),
    "vast.mp4": (
        lambda p: clips.exaggerate(clips.write_video(p), box=b"stts", at=8),
        "failed",
        "damaged_header",
    ),
    "audio.mp4": (clips.write_audio, "failed", "no_video_stream"),
    "torn.mkv": (
        lambda p: clips.cut(clips.write_video(p, frames=100), 0.7),
        "partial",
        "truncated",
    ),
    "noise.mp4": (
        lambda p: clips.scramble(clips.write_video(p, frames=100)),
        "partial",
        "damaged_frames",
    ),
    "one.mp4": (lambda p: clips.write_video(p, frames=1), "partial", "one_frame"),
    "pipe.mp4": (os.mkfifo, "failed", "not_a_file"),
    "link.mp4": (broken_link, "failed", "broken_link"),
    "repeated.mp4": (
        lambda p: clips.write_repeated(p, [0, 1, 1, 2, 3, 4]),
        "ok",
        "times_repaired",
    ),
    "cut.mp4": (
        lambda p: clips.cut(
            clips.write_video(p, frames=90, options={"movflags": "faststart"}), 0.7
        ),
        "partial",
        "truncated",
    ),
    "a name with spaces.mp4": (lambda p: clips.write_video(p, frames=21), "ok", ""),
    "smile-é-笑-😀.mp4": (lambda p: clips.write_video(p, frames=22), "ok", ""),
    f"{LONG}.mp4": (lambda p: clips.write_video(p, frames=23), "ok", ""),
}


def unreadable(path: Path) -> None:
    clips.write_video(path, frames=24)
    path.chmod(0)


CASES["locked.mp4"] = (unreadable, "failed", "unreadable")


def write_list(data: Path, names: list[str], subjects: Sequence[str] = ("p0", "p1", "p2")) -> None:
    classes = ("spontaneous", "posed")
    lines = [f'"{name}",{subjects[i % 3]},{classes[i % 2]}' for i, name in enumerate(names)]
    (data / "clips.csv").write_text("\n".join(["path,subject,label", *lines]), encoding="utf-8")


def make_set(root: Path, names: list[str]) -> Workspace:
    """A workspace whose data set holds the named cases."""
    workspace = Workspace.make(root)
    workspace.set(dataset="mine", datasets__mine={"adapter": "folder"}, quality__max_failed=1.0)
    data = root / "data" / "raw" / "mine"
    data.mkdir(parents=True)
    for name in names:
        CASES[name][0](data / name)
    for helper in data.glob("*.plain.mp4"):
        helper.unlink()
    write_list(data, names)
    return workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One workspace with every case, after `index` and `decode`."""
    made = make_set(tmp_path_factory.mktemp("bad"), list(CASES))
    for stage in ("index", "decode"):
        done = made.stage(stage, DUCHENNE_TIME_LIMIT="60")
        assert done.returncode == 0, done.stdout
    return made


@pytest.mark.parametrize("name", CASES)
def test_each_file_gets_its_own_verdict(workspace: Workspace, name: str):
    _, status, reason = CASES[name]
    assert workspace.statuses("decode")[clip_name(name)] == (status, reason)


def test_failed_clips_have_no_file_and_all_others_have_one(workspace: Workspace):
    found = {path.name for path in (workspace.root / "data/frames").iterdir()}
    usable = {clip_name(name) for name, (_, status, _) in CASES.items() if status != "failed"}
    assert found == {f"{name}.parquet" for name in usable}


def test_a_truncated_clip_tells_both_counts(workspace: Workspace):
    facts = parquet.facts(workspace.root / f"data/frames/{clip_name('torn.mkv')}.parquet")
    promised, decoded = int(facts["frames_container"]), int(facts["frames_decoded"])
    assert promised == 100
    assert 50 < decoded < 80


def test_verdicts_on_places_are_not_kept_and_verdicts_on_content_are(workspace: Workspace):
    kept = [folder for stage, folder in workspace.cache.entries() if stage == "decode"]
    places = {"pipe.mp4", "link.mp4", "locked.mp4", "empty.mp4"}
    assert len(kept) == len(CASES) - len(places)


def test_names_are_made_bearable_and_stay_distinct(workspace: Workspace):
    clips_table = parquet.read(CLIPS, workspace.root / "data/clips.parquet")
    by_path = dict(zip(clips_table["path"].to_pylist(), clips_table["clip"].to_pylist(),
                       strict=True))  # fmt: skip
    assert by_path["data/raw/mine/good.mp4"] == "good"
    assert by_path["data/raw/mine/a name with spaces.mp4"].startswith("a_name_with_spaces-")
    assert len(by_path[f"data/raw/mine/{LONG}.mp4"]) <= 80
    assert len(set(by_path.values())) == len(CASES)


def test_one_person_in_two_spellings_stops_the_list(tmp_path: Path):
    workspace = make_set(tmp_path, ["good.mp4", "one.mp4", "cut.mp4"])
    data = tmp_path / "data/raw/mine"
    write_list(data, ["good.mp4", "one.mp4", "cut.mp4"], ["Jos\u00e9", "Jose\u0301", "JOSE"])
    done = workspace.stage("index")
    assert done.returncode == 1
    assert "JOSE (cut.mp4) and Jos\u00e9 (good.mp4)" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (tmp_path / "data/clips.parquet").exists()
    (data / "subjects.csv").write_text("subject\nJOSE\nJos\u00e9\nMaria\n", encoding="utf-8")
    done = workspace.stage("index")
    assert done.returncode == 0, done.stdout
    assert "WARNING subjects.csv lists subjects without a clip: Maria" in done.stdout
    clips_table = parquet.read(CLIPS, tmp_path / "data/clips.parquet")
    assert set(clips_table["subject"].to_pylist()) == {"JOSE", "Jos\u00e9"}
    facts = json.loads((tmp_path / "data/reports/dataset.json").read_text(encoding="utf-8"))
    assert facts["subjects_without_clips"] == ["Maria"]


def test_the_gate_stops_and_says_why(tmp_path: Path):
    workspace = make_set(tmp_path, ["good.mp4", "text.mp4", "one.mp4"])
    workspace.set(quality__max_failed=0.1)
    workspace.stage("index")
    done = workspace.stage("decode")
    assert done.returncode == 1
    assert "1 of 3 units failed (1 not_a_video)" in done.stdout
    assert "no video format fits these bytes" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_clip_that_changed_after_it_was_indexed(tmp_path: Path):
    workspace = make_set(tmp_path, ["good.mp4", "one.mp4"])
    workspace.stage("index")
    clips.write_video(tmp_path / "data/raw/mine/good.mp4", frames=7)
    workspace.stage("decode")
    assert workspace.statuses("decode")["good"] == ("failed", "changed")
    assert len(list(workspace.cache.entries())) == 1, "the verdict is not kept"


def test_a_clip_that_changes_while_it_is_read(tmp_path: Path):
    """A byte is added as soon as the worker has begun to write the frames of this clip."""
    workspace = make_set(tmp_path, ["good.mp4", "one.mp4"])
    clip = tmp_path / "data/raw/mine/good.mp4"
    clips.write_video(clip, frames=400, size=(960, 720))
    workspace.stage("index")
    done = threading.Event()

    def meddle() -> None:
        while not done.is_set():
            with suppress(FileNotFoundError):
                parts = workspace.cache.root.glob("parts/*/.result*")
                if any(part.stat().st_size for part in parts):
                    with clip.open("ab") as file:
                        file.write(b"x")
                    return

    thread = threading.Thread(target=meddle)
    thread.start()
    workspace.stage("decode", DUCHENNE_WORKERS="1")
    done.set()
    thread.join()
    assert workspace.statuses("decode")["good"] == ("failed", "changed")
    assert workspace.statuses("decode")["one"] == ("partial", "one_frame")
    assert not (tmp_path / "data/frames/good.parquet").exists()


def test_landmarks_pass_and_a_still_is_a_clip_of_one_frame(tmp_path: Path):
    workspace = make_set(tmp_path, ["good.mp4"])
    data = tmp_path / "data/raw/mine"
    np.save(data / "array.npy", np.zeros((3, 478, 3), np.float32))
    (data / "still.jpg").write_bytes(
        cv2.imencode(".jpg", np.full((90, 120, 3), 99, np.uint8))[1].tobytes()
    )
    write_list(data, ["good.mp4", "array.npy", "still.jpg"])
    for stage in ("index", "decode"):
        assert workspace.stage(stage).returncode == 0
    assert workspace.statuses("decode") == {
        "array": ("ok", "landmarks"),
        "good": ("ok", ""),
        "still": ("ok", ""),
    }
    frames = parquet.read(FRAMES, tmp_path / "data/frames/still.parquet")
    assert frames["time"].to_pylist() == [0.0]
    assert not (tmp_path / "data/frames/array.parquet").exists()


def test_doctor_names_what_would_stop_dvc(tmp_path: Path):
    stoppers = ["pipe.mp4", "link.mp4", "locked.mp4"]
    workspace = make_set(tmp_path, ["good.mp4", "text.mp4", *stoppers])
    workspace.run("git", "init", "-q")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").touch()
    words = (sys.executable, "-m", "duchenne.cli.main", "doctor")
    done = workspace.run(*words)
    assert done.returncode == 1
    for name in stoppers:
        assert f"│ BLOCKS  │ data/raw/mine/{name}: " in done.stdout
    assert "text.mp4" not in done.stdout, "decode deals with that one"
    (tmp_path / "data/raw/mine/secret").mkdir(mode=0)
    (tmp_path / "data/raw/mine/empty.mp4").touch(mode=0)
    done = workspace.run(*words)
    (tmp_path / "data/raw/mine/secret").rmdir()
    assert "data/raw/mine/secret: may not be read" in done.stdout
    assert "data/raw/mine/empty.mp4: may not be read" in done.stdout
    for name in [*stoppers, "empty.mp4"]:
        (tmp_path / "data/raw/mine" / name).unlink()
    write_list(tmp_path / "data/raw/mine", ["good.mp4", "text.mp4"])
    done = workspace.run(*words)
    assert done.returncode == 0, done.stdout
    assert "│ note    │ data/raw/mine is not tracked" in done.stdout
