from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from duchenne.errors import Unusable
from duchenne.media.still import read_still
from tests.make.clips import corners_in, cut, decoded, frame_picture, number_in

UPRIGHT = ["top left", "top right", "bottom left", "bottom right"]


def write(path: Path, *, mode: str = "RGB", number: int = 5) -> Path:
    Image.fromarray(frame_picture(number)).convert(mode).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.jpg", "RGB"),
        ("a.jpg", "L"),
        ("a.jpg", "CMYK"),
        ("a.png", "RGBA"),
        ("a.png", "P"),
        ("a.tiff", "L"),
        ("a.bmp", "RGB"),
        ("a.webp", "RGB"),
        ("a %03d #1.jpg", "RGB"),
    ],
)
def test_a_photograph_is_a_clip_of_one_picture(name, mode, tmp_path):
    picture, facts = read_still(write(tmp_path / name, mode=mode))
    assert (picture.frame, picture.time) == (0, 0.0)
    assert number_in(picture.jpeg) == 5
    assert corners_in(picture.jpeg) == UPRIGHT
    assert (facts.width, facts.height, facts.frames_decoded) == (128, 96, 1)
    assert facts.flaw() is None


# EXIF orientation → what PIL must do to the upright picture to store it that way
STORED: dict[int, Image.Transpose | None] = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", STORED)
def test_exif_says_which_way_is_up(orientation, tmp_path):
    image = Image.fromarray(frame_picture(9))
    way = STORED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = image if way is None else image.transpose(way)
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95)
    picture, facts = read_still(tmp_path / "a.jpg")
    assert (facts.width, facts.height) == (128, 96)
    assert number_in(picture.jpeg) == 9
    assert corners_in(picture.jpeg) == UPRIGHT


def test_sixteen_bits_become_eight(tmp_path):
    grey = np.full((20, 30), 40_000, np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png")
    picture, _ = read_still(tmp_path / "a.png")
    assert decoded(picture.jpeg).mean() == pytest.approx(40_000 / 256, abs=1)


def test_a_large_photograph_shrinks_and_says_its_true_size(tmp_path):
    Image.new("RGB", (1000, 500)).save(tmp_path / "a.png")
    picture, facts = read_still(tmp_path / "a.png", max_side=200)
    assert decoded(picture.jpeg).shape == (100, 200, 3)
    assert (facts.width, facts.height) == (1000, 500)


def huge(path: Path) -> None:
    Image.new("1", (20_000, 5_000)).save(path.with_suffix(".png"))
    path.with_suffix(".png").rename(path)


def endless(path: Path) -> None:
    Image.new("1", (16_000, 14_000)).save(path.with_suffix(".png"))
    path.with_suffix(".png").rename(path)


def misplaced(path: Path) -> None:
    """A TIFF whose strips (tag 273) begin at a rational number (kind 5) instead of a byte."""
    data = bytearray(write(path.with_suffix(".tiff")).read_bytes())
    kind = data.index((273).to_bytes(2, "little")) + 2
    data[kind : kind + 2] = (5).to_bytes(2, "little")
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_text("a face"), "not_an_image"),
        (lambda path: cut(write(path), 0.7), "damaged_image"),
        (misplaced, "damaged_image"),
        (huge, "too_large"),
        (endless, "too_large"),
        (lambda path: path.touch(), "empty_file"),
        (lambda path: path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n"), "not_an_image"),
    ],
    ids=["text", "cut", "misplaced", "huge", "endless", "empty", "postscript"],
)
def test_bad_images(make, reason, tmp_path):
    path = tmp_path / "a.jpg"
    make(path)
    with pytest.raises(Unusable) as caught:
        read_still(path)
    assert caught.value.reason == reason
