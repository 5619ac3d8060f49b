import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from duchenne.errors import Unusable
from duchenne.media.facts import Facts
from duchenne.media.jpeg import Picture
from duchenne.media.numbered import digest_of, number_of, pictures_in
from duchenne.media.sequence import open_sequence
from duchenne.media.video import open_video
from tests.make.clips import cut, decoded, frame_picture, number_in, write_video


def write(folder: Path, names: dict[int, str] | int, *, size: tuple[int, int] = (128, 96)) -> Path:
    """Numbered pictures under their names; a number makes frames 0.bmp, 1.bmp, …"""
    folder.mkdir(exist_ok=True)
    whole = (
        {number: f"{number}.bmp" for number in range(names)} if isinstance(names, int) else names
    )
    for number, name in whole.items():
        Image.fromarray(frame_picture(number, size)).save(folder / name)
    return folder


def read(folder: Path, *, rate: float | None = 25, **options: Any) -> tuple[list[Picture], Facts]:
    with open_sequence(folder, rate=rate, **options) as sequence:
        pictures = list(sequence)
        return pictures, sequence.facts


def seen(pictures: list[Picture]) -> list[int]:
    return [number_in(picture.jpeg) for picture in pictures]


def reason_of(folder: Path, **options: Any) -> str:
    with pytest.raises(Unusable) as caught:
        read(folder, **options)
    return caught.value.reason


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("12.bmp", 12),
        ("S005_001_00000011.png", 11),
        ("take 2 frame-007.JPG", 7),
        ("0.tif", 0),
        ("cover.png", None),
        ("12.txt", None),
    ],
)
def test_the_last_number_of_a_name_counts(name, number):
    assert number_of(name) == number


def test_numbers_give_the_order_not_letters(tmp_path):
    names = {1: "b9.png", 2: "a10.bmp", 3: "c11.jpg", 4: "d100.tif"}
    pictures, _ = read(write(tmp_path, names), fps=1000)
    assert seen(pictures) == [1, 2, 3, 4]


@pytest.mark.parametrize(("rate", "fps"), [(25, 25), (50, 25), (30, 25), (25, 12), (10, 25)])
def test_frames_are_chosen_as_from_a_video_of_that_rate(rate, fps, tmp_path):
    """The same scene as a video and as pictures: the same frames at the same times."""
    pictures, facts = read(write(tmp_path / "s", 40), rate=rate, fps=fps)
    with open_video(write_video(tmp_path / "a.mp4", frames=40, fps=rate), fps=fps) as video:
        filmed = list(video)
    assert [picture.frame for picture in pictures] == [picture.frame for picture in filmed]
    assert [p.time for p in pictures] == pytest.approx([p.time for p in filmed])
    assert seen(pictures) == [picture.frame for picture in pictures]
    assert (facts.fps, facts.frames_decoded, facts.width, facts.height) == (rate, 40, 128, 96)
    assert facts.flaw() is None


def test_what_the_numbers_skip_is_missing_and_time_goes_on(tmp_path):
    names = {number: f"f{number + 100}.bmp" for number in (0, 1, 2, 5, 6)}
    pictures, facts = read(write(tmp_path, names))
    assert [picture.time for picture in pictures] == pytest.approx([0, 0.04, 0.08, 0.2, 0.24])
    assert [picture.frame for picture in pictures] == [0, 1, 2, 5, 6]
    flaw = facts.flaw()
    assert flaw is not None
    assert (flaw.reason, flaw.partial, facts.frames_missing) == ("damaged_frames", True, 2)


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("a face"),
        lambda path: cut(path, 0.5),
    ],
    ids=["empty", "text", "cut"],
)
@pytest.mark.parametrize("at", [0, 2])
def test_a_damaged_picture_is_a_damaged_frame(harm, at, tmp_path):
    write(tmp_path, 4)
    harm(tmp_path / f"{at}.bmp")
    pictures, facts = read(tmp_path)
    assert seen(pictures) == [number for number in range(4) if number != at]
    assert pictures[0].time == 0.0
    assert (facts.frames_damaged, facts.frames_decoded, facts.frames_container) == (1, 3, 4)


def test_a_clip_ends_where_its_size_changes(tmp_path):
    write(tmp_path, 3)
    write(tmp_path, {3: "3.bmp"}, size=(64, 96))
    pictures, facts = read(tmp_path)
    assert len(pictures) == 3
    assert facts.size_changed == "64 × 96"


def test_large_pictures_shrink_and_say_their_true_size(tmp_path):
    pictures, facts = read(write(tmp_path, 2, size=(400, 200)), max_side=100)
    assert decoded(pictures[0].jpeg).shape == (50, 100, 3)
    assert (facts.width, facts.height) == (400, 200)


def nothing(folder: Path) -> None:
    (folder / "notes.txt").touch()
    (folder / "cover.png").touch()


def all_damaged(folder: Path) -> None:
    for number in range(3):
        (folder / f"{number}.png").write_text("no picture")


def one_number_twice(folder: Path) -> None:
    write(folder, {1: "1.png", 2: "01.bmp"})


def enormous(folder: Path) -> None:
    Image.new("1", (20_000, 5_000)).save(folder / "1.png")


def locked(folder: Path) -> None:
    os.mkfifo(folder / "1.png")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (nothing, "no_pictures"),
        (all_damaged, "no_frames"),
        (one_number_twice, "numbers_repeat"),
        (enormous, "too_large"),
        (locked, "not_a_file"),
        (lambda folder: folder.rmdir(), "missing"),
    ],
    ids=["nothing", "all damaged", "one number twice", "enormous", "pipe", "missing"],
)
def test_what_is_no_sequence_has_its_reason(make, reason, tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    make(folder)
    assert reason_of(folder) == reason


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "s").touch()
    assert reason_of(tmp_path / "s") == "not_a_folder"


def test_a_rate_must_be_known(tmp_path):
    assert reason_of(write(tmp_path, 2), rate=None) == "rate_unknown"


def test_the_digest_is_of_names_and_contents(tmp_path):
    first = digest_of(pictures_in(write(tmp_path, 3)))
    (tmp_path / "notes.txt").touch()
    assert digest_of(pictures_in(tmp_path)) == first, "what is no picture does not count"
    (tmp_path / "2.bmp").rename(tmp_path / "3.bmp")
    renamed = digest_of(pictures_in(tmp_path))
    write(tmp_path, {9: "3.bmp"})
    changed = digest_of(pictures_in(tmp_path))
    assert len({first, renamed, changed}) == 3


def test_pictures_that_changed_after_they_were_listed(tmp_path):
    digest = digest_of(pictures_in(write(tmp_path, 3)))
    assert len(read(tmp_path, sha256=digest)[0]) == 3
    write(tmp_path, {7: "1.bmp"})
    assert reason_of(tmp_path, sha256=digest) == "changed"


def test_a_picture_that_changes_while_the_sequence_is_read(tmp_path):
    write(tmp_path, 3)
    with open_sequence(tmp_path, rate=25) as sequence:
        write(tmp_path, {7: "1.bmp"})
        with pytest.raises(Unusable, match="changed"):
            list(sequence)
