"""Films that a person would not measure a smile in: each has its own verdict, and a whole one none.

All are made from rendered smiles of people that chose no limit.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from duchenne.datasets import demo
from duchenne.media.jpeg import Pixels
from duchenne.tables import parquet
from duchenne.tables.frames import FRAMES
from duchenne.tables.landmarks import read_landmarks
from duchenne.tables.mesh import read_mesh
from duchenne.tables.quality import QUALITY
from tests.make import clips
from tests.make.workspace import Workspace

SIZE, FRAMES_EACH = 256, 50
PLANS = demo.plan(seed=71, subjects=6, clips_per_subject=2, size=SIZE, kinds=("plain",))[::2]
STAGES = ("index", "decode", "detect", "mesh", "normalize", "quality", "dmarkers")
Film = list[Pixels]


def person(number: int) -> Film:
    return list(demo.render(PLANS[number], times=np.arange(FRAMES_EACH) / 25.0))


def cut_and_back() -> Film:
    """Between the darkest and the lightest of them, who are unlike."""
    films = sorted((person(number) for number in range(6)), key=lambda film: film[0].mean())
    one, other = films[0], films[-1]
    return [*one[:12], *other[12:38], *one[38:]]


def beside_a_portrait() -> Film:
    """A larger face that never moves, on the left; the person is on the right."""
    wall, living = person(2)[0], person(3)
    rng, film = np.random.default_rng(0), []
    for picture in living:
        whole = np.full((SIZE, 2 * SIZE, 3), 120, np.uint8)
        whole[:, :SIZE] = wall
        whole[SIZE // 4 :, SIZE + SIZE // 4 :] = picture[: 3 * SIZE // 4, : 3 * SIZE // 4]
        whole[SIZE // 4 :, SIZE + SIZE // 4 :] = _smaller(picture)
        film.append(np.clip(whole + rng.normal(0.0, 2.0, whole.shape), 0, 255).astype(np.uint8))
    return film


def _smaller(picture: Pixels) -> Pixels:
    import cv2

    side = 3 * SIZE // 4
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


CASES: dict[str, Callable[[], Film]] = {
    "whole": lambda: person(0),
    "mouth_below": lambda: [picture[: int(0.53 * SIZE)] for picture in person(0)],
    "half_left": lambda: [picture[:, int(0.45 * SIZE) // 2 * 2 :] for picture in person(1)],
    "cut": cut_and_back,
    "still": lambda: person(4)[:1] * FRAMES_EACH,
    "three": lambda: person(5)[:3],
    "portrait": beside_a_portrait,
    "on_its_head": lambda: [picture[::-1, ::-1] for picture in person(0)],
}


def film(path: Path, pictures: Film) -> None:
    rgb = [
        np.ascontiguousarray(picture[: picture.shape[0] // 2 * 2, :, ::-1]) for picture in pictures
    ]
    clips.write_video(path, pictures=rgb)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.make(tmp_path_factory.mktemp("filmed"))
    workspace.set(dataset="mine", datasets__mine={"adapter": "folder"}, quality__max_failed=1.0)
    data = workspace.root / "data/raw/mine"
    data.mkdir(parents=True)
    rows = ["path,subject,label"]
    for number, (name, make) in enumerate(CASES.items()):
        film(data / f"{name}.mp4", make())
        rows.append(f"{name}.mp4,p{number},{number % 2}")
    (data / "clips.csv").write_text("\n".join(rows))
    for name in STAGES:
        done = workspace.stage(name)
        assert done.returncode == 0, done.stderr
    return workspace


def quality(workspace: Workspace) -> dict[str, dict[str, object]]:
    rows = parquet.read(QUALITY, workspace.root / "data/quality.parquet").to_pylist()
    return {row["clip"]: row for row in rows}


@pytest.mark.parametrize(
    ("clip", "used", "reason", "says"),
    [
        ("whole", True, "", ""),
        ("mouth_below", False, "outside", "the mouth lies outside the picture in"),
        ("half_left", False, "outside", "the eyes lie outside the picture in"),
        ("cut", False, "cut", "the film is cut at 0.48 s (frame 12), 1.52 s (frame 38)"),
        ("still", False, "still", "a picture, not a film"),
        ("three", False, "too_short", "3 frames"),
        ("portrait", True, "", ""),
        ("on_its_head", False, "no_face", "turned by 180° there is one"),
    ],
)
def test_each_has_its_verdict(filmed: Workspace, clip: str, *, used: bool, reason: str, says: str):
    row = quality(filmed)[clip]
    assert (row["used"], row["reason"]) == (used, reason), row
    assert says in str(row["detail"])


def test_of_two_faces_the_one_that_lives_is_followed_and_it_is_said(filmed: Workspace):
    assert quality(filmed)["portrait"]["remark"] == "several_people"
    assert quality(filmed)["whole"]["remark"] == ""
    followed = read_mesh(filmed.root / "data/mesh/portrait.parquet").xyz[:, 1, 0]
    assert (followed > SIZE).all()


def test_a_mouth_outside_has_no_features(filmed: Workspace):
    status = filmed.statuses("dmarkers")
    assert status["mouth_below"] == ("partial", "outside")
    assert status["whole"][1] != "outside"
    landmarks = read_landmarks(filmed.root / "data/landmarks/mouth_below.parquet")
    assert landmarks.out[:, 2].mean() > 0.9


def test_the_longest_piece_of_a_cut_film_goes_through_all_stages(filmed: Workspace):
    """Nothing else is detected anew, and chips have the same frames as landmarks."""
    filmed.set(detect__cuts="longest", model="vit")
    try:
        for name in ("detect", "mesh", "normalize", "crops", "quality", "dmarkers"):
            done = filmed.stage(name)
            assert done.returncode == 0, done.stderr
        row = quality(filmed)["cut"]
        assert (row["used"], row["remark"], row["frames"], row["seen"]) == (True, "cut", 26, 1.0)
        mesh = read_mesh(filmed.root / "data/mesh/cut.parquet")
        assert mesh.frames.tolist() == list(range(12, 38))
        frames = parquet.read(FRAMES, filmed.root / "data/frames/cut.parquet", columns=["frame"])
        assert len(frames) == FRAMES_EACH
        from duchenne.tables.crops import read_crops

        chips = read_crops(filmed.root / "data/crops/cut.parquet")
        assert chips.seen.all()
        assert set(chips.times.tolist()) <= set(mesh.times.tolist())
    finally:
        filmed.set(detect__cuts="refuse", model="mesh")
