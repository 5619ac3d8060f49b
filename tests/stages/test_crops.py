"""From frames and landmarks to a table of chips, and back into memory."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from duchenne.config.models import NEEDS, Chip
from duchenne.errors import Unusable
from duchenne.face import chip, topology
from duchenne.face.crop import Crop
from duchenne.flow.unit import Recipe
from duchenne.media.jpeg import decode, encode
from duchenne.tables import parquet
from duchenne.tables.crops import Chips, crops_table, read_crops
from stages.crops import CropParams, write_crops
from tests.make.crops import SIZE, face, texture, write_box, write_frames, write_mesh

LARGE, SMALL = Chip(224, 1), Chip(48, 3)
NOWHERE = np.full((478, 3), np.nan)


def recipe(kind: Chip = SMALL, *, fps: float = 5.0) -> Recipe:
    return Recipe("crops", CropParams(**kind._asdict(), fps=fps), code="", libraries=())


def cut(folder: Path, faces, times, *, pictures=None, size=SIZE, made=None) -> Chips:
    """A clip of textures with these landmarks, as chips."""
    pictures = pictures or [texture(number) for number in range(len(times))]
    frames = write_frames(folder / "frames.parquet", pictures, times, size=size)
    mesh = write_mesh(folder / "mesh.parquet", faces, times)
    out = folder / "crops.parquet"
    write_crops(frames, mesh, out, aligned=True, recipe=made or recipe())
    return read_crops(out)


@pytest.mark.parametrize("kind", sorted({needs.chip for needs in NEEDS.values() if needs.chip}))
def test_chips_come_back_as_they_were_cut(tmp_path: Path, kind: Chip):
    times = [0.0, 0.2]
    faces = np.stack((face(), face() + np.array([9.0, -4.0, 0.0])))
    found = cut(tmp_path, faces, times, made=recipe(kind))
    assert found.chips.shape == (2, kind.side, kind.side, kind.channels)
    assert (found.times.tolist(), found.frames.tolist()) == (times, [10, 11])
    assert found.seen.all()
    assert found.aligned.all()
    stored = decode(encode(texture(1), quality=100))
    crop = chip.aligned(faces, topology=topology.MESH)[1]
    expected = chip.cut(stored, crop, **kind._asdict())
    assert np.abs(found.chips[1].astype(int) - expected.astype(int)).max() <= 1
    facts = parquet.facts(tmp_path / "crops.parquet")
    assert (facts["side"], facts["channels"]) == (str(kind.side), str(kind.channels))


@pytest.mark.parametrize("points", [478, 68])
def test_the_points_mark_in_the_chip_what_they_mark_in_the_picture(tmp_path: Path, points: int):
    """White discs at the landmarks are white in the chip where the points are."""
    xyz = face(points)
    named = xyz if points == 68 else xyz[list(topology.MESH_OF_DLIB)]
    black = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for x, y in np.rint(16 * (named[:, :2] - 0.5)).astype(int).tolist():  # OpenCV counts centres
        cv2.circle(black, (x, y), 24, (255, 255, 255), -1, shift=4)
    found = cut(tmp_path, [xyz], [0.0], pictures=[black], made=recipe(LARGE))
    column, row = np.floor(found.points[0] * 224).astype(int).T
    assert found.chips[0, row, column].min() > 200
    assert found.chips.mean() < 100, "not all of it is white"
    right, left = topology.DLIB.eye_centres(found.points[0])
    assert (right[0], left[0]) == pytest.approx((0.344, 0.656), abs=0.02)


def test_landmarks_are_px_of_the_source_and_pictures_may_be_smaller(tmp_path: Path):
    plain = cut(tmp_path, [face()], [0.0], pictures=[texture()])
    half = np.asarray(cv2.resize(texture(), (160, 120), interpolation=cv2.INTER_AREA), np.uint8)
    small = cut(tmp_path, [face()], [0.0], pictures=[half])
    assert np.abs(plain.chips.astype(int) - small.chips).max() <= 12
    assert small.points == pytest.approx(plain.points, abs=1e-5)


def test_where_there_is_no_face_there_is_null_and_never_black(tmp_path: Path):
    found = cut(tmp_path, [face(), NOWHERE, face()], [0.0, 0.2, 0.4])
    table = parquet.read(crops_table(48, 3), tmp_path / "crops.parquet")
    assert [chip is None for chip in table["chip"].to_pylist()] == [False, True, False]
    assert (table["success"].to_pylist(), table["aligned"].to_pylist()) == (
        [True, False, True],
    ) * 2
    assert found.seen.tolist() == [True, False, True]
    assert np.isnan(found.points[1]).all()
    assert np.isfinite(found.points[[0, 2]]).all()
    assert found.chips[2].std() > 10, "the chip after the gap is its own"


@pytest.mark.parametrize(
    ("times", "fps", "frames"),
    [
        (np.arange(50) / 25, 5, [*range(0, 50, 5), 49]),
        (np.arange(4) / 25, 100, [0, 1, 2, 3]),
        ([0.0, 0.09, 0.18, 0.23, 0.35, 0.42, 0.61, 1.0], 5, [0, 2, 5, 6, 7]),
        ([0.0, 0.02, 3.0], 5, [0, 2]),
        ([0.0], 5, [0]),
    ],
    ids=["even", "never more than there are", "uneven", "a gap", "a still"],
)
def test_frames_are_chosen_by_time(tmp_path: Path, times, fps, frames):
    count = len(times)
    pictures = [texture()] * count
    made = recipe(fps=fps)
    found = cut(tmp_path, [face()] * count, times, pictures=pictures, made=made)
    assert (found.frames - 10).tolist() == frames
    assert found.times.tolist() == [times[frame] for frame in frames]


def test_a_clip_whose_chosen_frames_show_nobody_has_no_chips(tmp_path: Path):
    with pytest.raises(Unusable, match="no_face: none of 5 frames a second shows the face"):
        cut(tmp_path, [NOWHERE, face(), NOWHERE], [0.0, 0.04, 0.2])
    assert not (tmp_path / "crops.parquet").exists()


@pytest.mark.parametrize("boxed", [True, False])
def test_a_photograph_without_landmarks_shows_its_box_or_all_of_it(tmp_path: Path, boxed: bool):
    frames = write_frames(tmp_path / "frames.parquet", [texture()], [0.0])
    box = (100.0, 60.0, 180.0, 150.0)
    faces = write_box(tmp_path / "faces.parquet", box, roll=12.0) if boxed else None
    out = tmp_path / "crops.parquet"
    write_crops(frames, faces, out, aligned=False, recipe=recipe())
    found = read_crops(out)
    assert (found.seen.tolist(), found.aligned.tolist()) == ([True], [False])
    assert np.isnan(found.points).all()
    crop = Crop(140.0, 105.0, 90 * chip.MARGIN, 12.0) if boxed else Crop(160.0, 120.0, 240.0)
    expected = chip.cut(decode(encode(texture(), quality=100)), crop, side=48, channels=3)
    assert np.array_equal(found.chips[0], expected)


def test_what_is_written_says_how_it_was_cut_and_for_no_model(tmp_path: Path):
    cut(tmp_path, [face()], [0.0])
    made_by = json.loads(parquet.facts(tmp_path / "crops.parquet")["duchenne"])
    assert made_by["params"] == {"side": 48, "channels": 3, "fps": 5.0}


def test_a_file_of_one_small_chip_is_small(tmp_path: Path):
    """Parquet would by default keep a chip's pixels four times: in a dictionary and as extremes."""
    cut(tmp_path, [face()], [0.0], made=recipe(Chip(48, 1)))
    assert (tmp_path / "crops.parquet").stat().st_size < 6000
