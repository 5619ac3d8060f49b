import os
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from duchenne.errors import Unusable
from duchenne.media import container
from duchenne.media.facts import Facts, Flaw
from duchenne.media.jpeg import Picture
from duchenne.media.video import open_video
from tests.make.clips import (
    cut,
    drop_index,
    exaggerate,
    number_in,
    scramble,
    write_audio,
    write_video,
)

FAST = {"movflags": "faststart"}  # the index before the pictures, as a download has it


def read(path: Path) -> tuple[list[Picture], Facts]:
    with open_video(path) as video:
        pictures = list(video)
    return pictures, video.facts


def blank(path: Path) -> None:
    """Every picture replaced by zeros; the index says they are all there."""
    data = bytearray(write_video(path, options=FAST).read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    path.write_bytes(data)


def unknown_codec(path: Path) -> None:
    path.write_bytes(write_video(path).read_bytes().replace(b"avc1", b"zz9z"))


def huge(path: Path) -> None:
    data = bytearray(write_video(path, codec="gif", container="gif").read_bytes())
    data[6:10] = (12_000).to_bytes(2, "little") + (6_000).to_bytes(2, "little")
    path.write_bytes(data)


def many_times(path: Path) -> None:
    """The index says that a billion entries follow."""
    exaggerate(write_video(path), box=b"stts", at=8)


def vast_frames(path: Path, *, after: int = 0) -> None:
    """The size of a frame in the index is a gigabyte."""
    exaggerate(write_video(path), box=b"stsz", at=16 + 4 * after)


def write_hls(path: Path) -> None:
    clip = write_video(path.with_name("secret.ts"))
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:1", "#EXTINF:1,", str(clip), "#EXT-X-ENDLIST"]
    path.write_text("\n".join(lines))


def write_concat(path: Path) -> None:
    clip = write_video(path.with_name("secret.mp4"))
    path.write_text(f"ffconcat version 1.0\nfile {clip.name}\n")


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (Path.touch, "empty_file"),
    "missing": (lambda path: None, "missing"),
    "text": (lambda path: path.write_text("not a film\n" * 100), "not_a_video"),
    "noise": (lambda path: path.write_bytes(bytes(range(256)) * 40), "not_a_video"),
    "no index": (lambda path: drop_index(write_video(path)), "no_index"),
    "cut before its index": (lambda path: cut(write_video(path), 0.7), "truncated"),
    "cut inside its index": (lambda path: cut(write_video(path, options=FAST), 0.05), "truncated"),
    "sound only": (write_audio, "no_video_stream"),
    "sound with a cover": (lambda path: write_audio(path, cover=True), "no_video_stream"),
    "blank": (blank, "no_frames"),
    "unknown codec": (unknown_codec, "unknown_codec"),
    "huge": (huge, "too_large"),
    "a billion entries": (many_times, "damaged_header"),
    "a gigabyte a frame": (vast_frames, "no_frames"),
    "a pipe": (os.mkfifo, "not_a_file"),
    "a folder": (Path.mkdir, "not_a_file"),
    "broken link": (lambda path: path.symlink_to("gone.mp4"), "broken_link"),
    "a playlist": (write_hls, "not_a_video"),
    "a script": (write_concat, "not_a_video"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_used_says_why(name, tmp_path):
    make, reason = UNUSABLE[name]
    path = tmp_path / "clip.mp4"
    make(path)
    with pytest.raises(Unusable) as caught:
        read(path)
    assert caught.value.reason == reason
    assert caught.value.detail
    places = {"missing", "broken_link", "not_a_file", "empty_file"}
    assert caught.value.lasting == (reason not in places), "what is mended is never remembered"


@pytest.mark.parametrize("make", [many_times, vast_frames])
def test_where_memory_is_short_the_file_is_not_blamed(make, tmp_path, monkeypatch):
    monkeypatch.setattr(container, "_LARGEST_BLOCK", 2**62)  # more than any system has
    make(tmp_path / "a.mp4")
    with pytest.raises(MemoryError):
        read(tmp_path / "a.mp4")


def test_a_vast_frame_ends_the_clip_there(tmp_path):
    vast_frames(tmp_path / "a.mp4", after=10)
    pictures, facts = read(tmp_path / "a.mp4")
    assert [number_in(picture.jpeg) for picture in pictures] == list(range(len(pictures)))
    assert len(pictures) == 10
    flaw = facts.flaw()
    assert flaw is not None
    assert (flaw.reason, flaw.partial) == ("truncated", True)


def test_a_script_would_open_its_neighbour_and_is_stopped_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where it would look for its neighbour
    write_concat(tmp_path / "clip.mp4")
    with av.open(tmp_path / "clip.mp4") as careless:
        assert sum(1 for _ in careless.decode(video=0)) == 25
    monkeypatch.setattr(container, "FORMATS", "concat," + container.FORMATS)
    with pytest.raises(Unusable, match="not_a_video"):
        read(tmp_path / "clip.mp4")


NAMES = [
    "with two  spaces.mp4",
    "улыбка 笑顔 😀.mp4",
    "n" * 196 + ".mp4",
    "%03d.mp4",
    "-i.mp4",
    "http:x",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_is_only_a_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures, facts = read(write_video(Path("a.mp4"), frames=3).rename(name))
    assert [number_in(picture.jpeg) for picture in pictures] == [0, 1, 2]
    assert facts.flaw() is None


def test_a_title_in_another_encoding_is_no_matter(tmp_path):
    data = write_video(tmp_path / "a.mp4", frames=3).read_bytes()
    (tmp_path / "a.mp4").write_bytes(data.replace(b"Lavf", b"\xff\xfe\xe9\xe8"))
    assert len(read(tmp_path / "a.mp4")[0]) == 3


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx"),
        ("a.avi", "mpeg4"),
        ("a.flv", "libx264"),
    ],
)
def test_a_clip_that_ends_early_gives_what_it_has(name, codec, tmp_path):
    options = FAST if name == "a.mp4" else {}
    path = cut(write_video(tmp_path / name, codec=codec, frames=50, options=options), 0.7)
    pictures, facts = read(path)
    flaw = facts.flaw()
    assert flaw is not None
    assert (flaw.reason, flaw.partial, facts.partial) == ("truncated", True, True)
    assert facts.frames_container is not None
    assert 50 <= facts.frames_container <= 52
    assert 20 <= facts.frames_decoded < 50
    assert f"{facts.frames_decoded} frames decoded of the {facts.frames_container}" in flaw.detail
    assert [number_in(picture.jpeg) for picture in pictures] == list(range(len(pictures)))


@pytest.mark.parametrize(
    ("name", "codec", "share"),
    [
        ("a.mp4", "libx264", 0.1),
        ("a.mkv", "libx264", 0.1),
        ("a.ts", "libx264", 0.1),
        ("a.mpg", "mpeg1video", 0.1),
        ("a.avi", "mpeg4", 0.005),  # its times are counts of chunks, so a lost one shortens it
    ],
)
def test_damage_in_the_middle_costs_only_the_frames_it_hit(name, codec, share, tmp_path):
    options = FAST if name == "a.mp4" else {}
    path = write_video(tmp_path / name, codec=codec, frames=100, options=options)
    pictures, facts = read(scramble(path, share=share))
    flaw = facts.flaw()
    assert flaw is not None
    assert (flaw.reason, flaw.partial) == ("damaged_frames", True)
    assert facts.frames_damaged + facts.frames_missing > 0
    assert 50 <= facts.frames_decoded < 100
    assert facts.seconds == pytest.approx(99 / 25, abs=0.1)
    assert number_in(pictures[-1].jpeg) == 99
    assert pictures[-1].time == facts.seconds


ONE = "the clip has a single frame (1 frames decoded of the 1 that the file promises)"


def test_one_frame(tmp_path):
    pictures, facts = read(write_video(tmp_path / "a.mp4", frames=1))
    assert [(picture.frame, picture.time) for picture in pictures] == [(0, 0.0)]
    assert facts.flaw() == Flaw("one_frame", ONE, partial=True)


def test_a_size_that_changes_ends_the_clip_there(tmp_path):
    one = write_video(tmp_path / "one.ts", frames=20).read_bytes()
    two = write_video(tmp_path / "two.ts", frames=20, size=(64, 48)).read_bytes()
    (tmp_path / "both.ts").write_bytes(one + two)
    pictures, facts = read(tmp_path / "both.ts")
    assert len(pictures) == facts.frames_decoded == 20
    flaw = facts.flaw()
    assert flaw is not None
    assert (flaw.reason, flaw.partial) == ("size_changed", True)
    assert flaw.detail.startswith("read until its size became 64 × 48 px")


def test_a_clip_that_changes_while_it_is_read(tmp_path):
    path = write_video(tmp_path / "a.mp4")

    def read_and_append() -> None:
        with open_video(path) as video:
            for picture in video:
                if picture.frame == 3:
                    with path.open("ab") as file:
                        file.write(b"more")

    with pytest.raises(Unusable) as caught:
        read_and_append()
    assert (caught.value.reason, caught.value.lasting) == ("changed", False)


def test_hidden_frames_of_an_edit_list_are_not_missed(tmp_path):
    """A phone's trim keeps the frames and tells the player to start later."""
    data = bytearray(write_video(tmp_path / "a.mp4", frames=50).read_bytes())
    entry = data.index(b"elst") + 12
    duration = int.from_bytes(data[entry : entry + 4])
    start = int.from_bytes(data[entry + 4 : entry + 8])
    data[entry : entry + 4] = (duration - 800).to_bytes(4)
    data[entry + 4 : entry + 8] = (start + 10_240).to_bytes(4)  # 0.8 s at 1/12800 s
    (tmp_path / "a.mp4").write_bytes(data)
    pictures, facts = read(tmp_path / "a.mp4")
    assert [number_in(picture.jpeg) for picture in pictures] == list(range(20, 50))
    assert (facts.frames_container, facts.frames_decoded) == (30, 30)
    assert facts.flaw() is None
