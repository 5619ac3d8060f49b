"""Folders of numbered pictures from the list of clips to their frames."""

from pathlib import Path

import pytest
from PIL import Image

from duchenne.datasets.clip import Found, clip_name, kind_of
from duchenne.datasets.listing import measure, table
from duchenne.pipeline.clips import file_of
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.frames import FRAMES
from tests.make.clips import frame_picture, number_in
from tests.make.workspace import Workspace


def film(folder: Path, *, frames: int, first: int = 0) -> None:
    folder.mkdir(parents=True)
    for number in range(frames):
        Image.fromarray(frame_picture(number)).save(folder / f"{first + number}.bmp")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A set of three sequences, one of them without a picture, whose list `index` has made."""
    made = Workspace.make(tmp_path)
    made.set(dataset="spos", quality__max_failed=1.0, datasets__spos__fps=50)
    data = tmp_path / "data/raw/spos"
    film(data / "posed/one.v1", frames=11)
    film(data / "posed/two", frames=4, first=8)
    (data / "posed/none").mkdir()
    places = ["posed/one.v1/", "posed/two/", "posed/none/"]
    found = [Found(place, place[-4:-1], 0, "posed") for place in places]
    clips = table(found, measure(found, data), root=tmp_path, folder=data)
    parquet.write(CLIPS, tmp_path / "data/clips.parquet", clips)
    return made


def rows(workspace: Workspace) -> dict[str, dict[str, object]]:
    clips = parquet.read(CLIPS, workspace.root / "data/clips.parquet")
    return {row["path"].removeprefix("data/raw/spos/"): row for row in clips.to_pylist()}


def test_a_place_that_ends_in_a_slash_is_a_sequence():
    assert kind_of("posed/one.v1/") == "sequence"
    assert clip_name("one.v1/") == "one.v1", "a folder has no ending"


def test_the_list_has_the_digest_and_size_of_all_pictures(workspace: Workspace):
    one = rows(workspace)["posed/one.v1"]
    folder = workspace.root / "data/raw/spos/posed/one.v1"
    assert (one["kind"], one["reason"]) == ("sequence", "")
    assert one["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    assert file_of(one, workspace.root / "data/raw/spos") == folder
    assert rows(workspace)["posed/none"]["reason"] == "no_pictures"


def test_frames_come_at_the_rate_that_the_set_says(workspace: Workspace):
    done = workspace.stage("decode")
    assert done.returncode == 0, done.stdout
    found = rows(workspace)
    name = str(found["posed/one.v1"]["clip"])
    assert workspace.statuses("decode") == {
        name: ("ok", ""),
        found["posed/two"]["clip"]: ("ok", ""),
        found["posed/none"]["clip"]: ("failed", "no_pictures"),
    }
    frames = parquet.read(FRAMES, workspace.root / f"data/frames/{name}.parquet")
    assert frames["time"].to_pylist() == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.2])
    assert [number_in(jpeg) for jpeg in frames["jpeg"].to_pylist()] == [0, 2, 4, 6, 8, 10]


def test_another_rate_is_another_clip_and_none_is_a_reason(workspace: Workspace):
    workspace.stage("decode")
    workspace.set(datasets__spos={})
    workspace.stage("decode")
    reasons = {reason for _, reason in workspace.statuses("decode").values()}
    assert reasons == {"rate_unknown", "no_pictures"}
