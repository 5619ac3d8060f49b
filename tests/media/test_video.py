from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from duchenne.media.container import seconds_of
from duchenne.media.facts import Facts, Flaw
from duchenne.media.jpeg import Picture
from duchenne.media.video import open_video
from tests.make.clips import (
    corners_in,
    decoded,
    frame_picture,
    number_in,
    set_matrix,
    write_repeated,
    write_video,
)


def read(path: Path, **options: Any) -> tuple[list[Picture], Facts]:
    with open_video(path, **options) as video:
        pictures = list(video)
    return pictures, video.facts


# Formats that say neither a count nor a length.
PROMISED = {"a.mpg": None, "a.ts": None, "a.gif": None}


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mov", "mpeg4"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx"),
        ("a.avi", "mpeg4"),
        ("a.avi", "libx264"),
        ("a.mpg", "mpeg1video"),
        ("a.ts", "libx264"),
        ("a.flv", "libx264"),
        ("a.gif", "gif"),
    ],
)
def test_every_common_container(name, codec, tmp_path):
    pictures, facts = read(write_video(tmp_path / name, codec=codec))
    assert [number_in(picture.jpeg) for picture in pictures] == list(range(25))
    assert [picture.frame for picture in pictures] == list(range(25))
    assert [picture.time for picture in pictures] == pytest.approx([n / 25 for n in range(25)])
    assert (facts.width, facts.height, facts.frames_decoded) == (128, 96, 25)
    assert facts.fps == pytest.approx(25)
    assert facts.seconds == pytest.approx(0.96)
    assert facts.frames_container == PROMISED.get(name, 25)
    assert facts.flaw() is None


@pytest.mark.parametrize(("rate", "every"), [(25, 1), (50, 2), (100, 4)])
def test_the_same_scene_at_another_rate_has_the_same_times(rate, every, tmp_path):
    count = rate // 2
    pictures, facts = read(write_video(tmp_path / "a.mp4", frames=count, fps=rate))
    assert [picture.frame for picture in pictures] == list(range(0, count, every))
    assert [p.time for p in pictures] == pytest.approx([n / 25 for n in range(len(pictures))])
    assert [number_in(p.jpeg) for p in pictures] == [p.frame for p in pictures]
    assert facts.fps == pytest.approx(rate)


def test_thirty_per_second_keeps_true_times(tmp_path):
    pictures, _ = read(write_video(tmp_path / "a.mp4", frames=90, fps=30))
    assert len(pictures) == 75
    for tick, picture in enumerate(pictures):
        assert picture.time == pytest.approx(picture.frame / 30, abs=1e-9)
        assert abs(picture.time - tick / 25) <= 1 / 60 + 1e-9


def test_variable_rate_keeps_each_frames_own_time(tmp_path):
    times = [0, 0.04, 0.1, 0.2, 0.21, 0.218, 0.5, 0.6, 1.0]
    for name in ("a.mp4", "a.mkv"):
        pictures, facts = read(write_video(tmp_path / name, times=times))
        assert [picture.time for picture in pictures] == [0, 0.04, 0.1, 0.2, 0.5, 0.6, 1.0]
        assert [number_in(picture.jpeg) for picture in pictures] == [0, 1, 2, 3, 6, 7, 8]
        assert facts.frames_decoded == 9
        assert facts.flaw() is None


def test_a_negative_start_is_no_flaw(tmp_path):
    path = write_video(
        tmp_path / "a.ts",
        times=[-0.5, -0.46, -0.42, -0.38],
        options={"avoid_negative_ts": "disabled"},
    )
    pictures, facts = read(path)
    assert [picture.time for picture in pictures] == pytest.approx([0, 0.04, 0.08, 0.12])
    assert facts.flaw() is None


def test_repeated_timestamps_are_repaired_and_flagged(tmp_path):
    pictures, facts = read(write_repeated(tmp_path / "a.mp4", [0, 1, 1, 3, 4]))
    assert [number_in(picture.jpeg) for picture in pictures] == [0, 1, 2, 3, 4]
    assert [picture.time for picture in pictures] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    repaired = "1 missing or repeated timestamps repaired"
    detail = f"{repaired} (5 frames decoded of the 5 that the file promises)"
    assert facts.times_repaired == 1
    assert facts.flaw() == Flaw("times_repaired", detail, partial=False)
    assert not facts.partial


def test_no_timestamps_at_all(tmp_path):
    pictures, facts = read(write_video(tmp_path / "a.h264"))
    assert [picture.time for picture in pictures] == pytest.approx([n / 25 for n in range(25)])
    assert facts.times_repaired == 25
    assert not facts.partial


def test_a_clock_that_starts_again(tmp_path):
    one = write_video(tmp_path / "one.ts").read_bytes()
    (tmp_path / "two.ts").write_bytes(one + one)
    pictures, facts = read(tmp_path / "two.ts")
    assert facts.frames_decoded == 50
    assert all(b.time - a.time > 0 for a, b in pairwise(pictures))
    assert facts.seconds == pytest.approx(49 / 25, abs=0.05)


# What the track header of a phone holds, by the standard's own formula (see set_matrix), and the
# stored corners that then appear at top left, top right, bottom left, bottom right.
TURNS = {
    0: ((1, 0, 0, 1), ["top left", "top right", "bottom left", "bottom right"]),
    90: ((0, 1, -1, 0), ["bottom left", "top left", "bottom right", "top right"]),
    180: ((-1, 0, 0, -1), ["bottom right", "bottom left", "top right", "top left"]),
    270: ((0, -1, 1, 0), ["top right", "bottom right", "top left", "bottom left"]),
    "mirrored": ((-1, 0, 0, 1), ["top right", "top left", "bottom right", "bottom left"]),
}


@pytest.mark.parametrize("turn", TURNS)
def test_pictures_are_upright(turn, tmp_path):
    matrix, corners = TURNS[turn]
    pictures, facts = read(set_matrix(write_video(tmp_path / "a.mp4", frames=3), matrix))
    assert corners_in(pictures[0].jpeg) == corners
    assert facts.rotation == (0 if turn == "mirrored" else turn)
    assert facts.mirrored == (turn == "mirrored")
    assert (facts.width, facts.height) == ((96, 128) if turn in (90, 270) else (128, 96))
    assert decoded(pictures[0].jpeg).shape == (facts.height, facts.width, 3)


@pytest.mark.parametrize(
    ("pixel", "size"),
    [
        (Fraction(16, 15), (137, 96)),
        (Fraction(8, 9), (114, 96)),
        (Fraction(1), (128, 96)),
        (Fraction(20), (128, 96)),
    ],
    ids=str,
)
def test_pixels_become_square(pixel, size, tmp_path):
    pictures, facts = read(write_video(tmp_path / "a.mkv", frames=3, pixel=pixel))
    assert (facts.width, facts.height) == size
    assert decoded(pictures[0].jpeg).shape == (size[1], size[0], 3)


def test_oblong_pixels_of_a_turned_picture(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=3, pixel=Fraction(4, 3), size=(96, 96))
    _, facts = read(set_matrix(path, TURNS[90][0]))
    assert (facts.width, facts.height) == (96, 128)


@pytest.mark.parametrize(
    ("source", "stored"),
    [
        ((320, 180), (160, 90)),
        ((128, 96), (128, 96)),
        ((127, 95), (127, 95)),
        ((333, 251), (160, 121)),
    ],
    ids=str,
)
def test_sizes(source, stored, tmp_path):
    pictures, facts = read(
        write_video(tmp_path / "a.mkv", frames=2, size=source, codec="ffv1"), max_side=160
    )
    assert (facts.width, facts.height) == source
    assert decoded(pictures[0].jpeg).shape == (stored[1], stored[0], 3)


def test_shrinking_neither_shifts_nor_folds(tmp_path):
    """Against an exact area average: the fast scaler fails both halves of this by far."""
    grain = np.random.default_rng(0).normal(0, 1, (270, 480)).astype(np.float32)
    texture = 128 + 50 * cv2.resize(grain, (1920, 1080), interpolation=cv2.INTER_CUBIC)
    picture = texture.clip(0, 255).astype(np.uint8)[:, :, None].repeat(3, axis=2)
    path = write_video(tmp_path / "a.mkv", pictures=[picture] * 2, codec="ffv1")
    small = decoded(read(path)[0][0].jpeg).astype(np.float32)[:, :, 1]
    exact = cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA).astype(np.float32)[
        :, :, 1
    ]
    (x, y), _ = cv2.phaseCorrelate(exact, small)
    assert abs(x) < 0.02
    assert abs(y) < 0.02
    assert np.sqrt(np.mean((small - exact) ** 2)) < 5


COLOURS = [(200, 60, 30), (30, 160, 60), (40, 60, 220), (255, 255, 255), (0, 0, 0)]
TAGS = [{"colorspace": matrix, "color_range": extent} for matrix in (1, 5) for extent in (1, 2)]


@pytest.mark.parametrize("tags", TAGS, ids=str)
def test_colours_are_those_that_were_filmed(tags, tmp_path):
    pictures = [np.full((96, 128, 3), colour, np.uint8) for colour in COLOURS]
    read_back, _ = read(write_video(tmp_path / "a.mp4", pictures=pictures, colour=tags))
    for colour, picture in zip(COLOURS, read_back, strict=True):
        seen = decoded(picture.jpeg)[48, 64, ::-1]
        assert np.abs(seen.astype(int) - colour).max() <= 6, (colour, seen)


def test_colours_of_an_animated_gif(tmp_path):
    pictures = [np.full((96, 128, 3), shade, np.uint8) for shade in ((255, 0, 0), (0, 0, 255))]
    path = write_video(tmp_path / "a.gif", pictures=pictures, codec="gif", times=[0, 0.5])
    read_back, facts = read(path)
    assert [picture.time for picture in read_back] == [0, 0.5]
    seen = [decoded(picture.jpeg)[48, 64, ::-1].astype(int) for picture in read_back]
    assert np.abs(seen[0] - (255, 0, 0)).max() <= 6
    assert np.abs(seen[1] - (0, 0, 255)).max() <= 6
    assert facts.flaw() is None


def test_the_same_file_gives_the_same_bytes(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    assert read(path) == read(path)


def test_quality_and_rate_are_obeyed(tmp_path):
    path = write_video(
        tmp_path / "a.mp4", pictures=[frame_picture(n, (320, 240)) for n in range(23)]
    )
    fine, _ = read(path, quality=95, fps=5)
    coarse, _ = read(path, quality=30, fps=5)
    assert [picture.time for picture in fine] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert len(coarse[0].jpeg) < len(fine[0].jpeg)


def test_facts_come_after_the_pictures(tmp_path):
    with open_video(write_video(tmp_path / "a.mp4")) as video:
        with pytest.raises(RuntimeError, match="after the last picture"):
            _ = video.facts
        assert sum(1 for _ in video) == 25
        assert video.facts.frames_container == 25


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_the_length_comes_from_the_header(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, frames=50, fps=25)
    assert seconds_of(path) == pytest.approx(2.0, abs=0.05)


def test_what_is_no_video_has_no_length(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("text")
    assert seconds_of(tmp_path / "a.mp4") is None
