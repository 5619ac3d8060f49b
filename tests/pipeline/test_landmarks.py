"""From videos to landmarks through the stage scripts: truth, invariance, time, and absent faces."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from duchenne.datasets import demo
from duchenne.datasets.demo import View
from duchenne.face import topology
from duchenne.tables import parquet
from duchenne.tables.crops import Chips, read_crops
from duchenne.tables.faces import FACES, read_boxes
from duchenne.tables.frames import FRAMES
from duchenne.tables.landmarks import landmarks_table, read_quality
from duchenne.tables.mesh import read_mesh
from duchenne.tables.quality import QUALITY
from tests.make import clips
from tests.make.people import scene
from tests.make.workspace import Workspace

STAGES = ("decode", "detect", "mesh", "normalize", "quality")
SECONDS, SIZE = 2.4, 320
[DRAWN, _] = demo.plan(seed=0, subjects=1, clips_per_subject=2, size=SIZE)
PLAN = replace(DRAWN, smile=replace(DRAWN.smile, start_s=0.9))  # so that films end on its height
EVEN = np.arange(round(SECONDS * 25)) / 25
UNEVEN = np.cumsum(np.tile([0.02, 0.03, 0.045, 0.025], 20))[:72] - 0.02
MESH = topology.with_points(478)
Make = Callable[[Path], object]


def film_of(
    path: Path, *, plan: demo.ClipPlan, times: NDArray[np.float64], view: View | None = None
) -> None:
    demo.write_video(plan, path, times=times, view=view)


def film(path: Path, times: NDArray[np.float64] = EVEN, view: View | None = None) -> None:
    film_of(path, plan=PLAN, times=times, view=view)


def turned(quarters: int, matrix: tuple[int, int, int, int]) -> Make:
    """A clip that is stored turned, as phones do, and says so."""

    def make(path: Path) -> None:
        frames = demo.render(PLAN, times=EVEN)
        pictures = [np.rot90(frame[:, :, ::-1], quarters).copy() for frame in frames]
        clips.set_matrix(clips.write_video(path, pictures=pictures), matrix)

    return make


def leaving(path: Path) -> None:
    """A face that is there, is gone from 1.0 to 1.6 s, and is there again."""
    pictures = [frame[:, :, ::-1].copy() for frame in demo.render(PLAN, times=EVEN)]
    for number in range(25, 40):
        pictures[number][:] = 127
    clips.write_video(path, pictures=pictures)


def two_people(path: Path) -> None:
    """The left one is larger; both drift."""
    pictures = [scene([(180 + i, 170, 260), (470 - i, 190, 200)])[:, :, ::-1].copy()
                for i in range(30)]  # fmt: skip
    clips.write_video(path, pictures=pictures)


VIEWS = {
    "shifted": View(right=0.08, down=-0.05),
    "small": View(scale=0.6),
    "half": View(size=SIZE // 2),
    "double": View(size=2 * SIZE),
    "rolled": View(roll=20.0),
    "rolled_back": View(roll=-20.0),
    "mirrored": View(mirrored=True),
}
TIMES = {
    "at30": np.arange(round(SECONDS * 30)) / 30,
    "at50": np.arange(round(SECONDS * 50)) / 50,
    "uneven": UNEVEN,
}
TURNS = {
    "turn90": turned(1, (0, 1, -1, 0)),
    "turn180": turned(2, (-1, 0, 0, -1)),
    "turn270": turned(3, (0, -1, 1, 0)),
}
CASES: dict[str, Make] = {
    "plain": film,
    **{name: partial(film, view=view) for name, view in VIEWS.items()},
    **{name: partial(film, times=times) for name, times in TIMES.items()},
    **TURNS,
    "leaving": leaving,
    "two": two_people,
    "nobody": clips.write_video,
}


def make_set(root: Path, cases: Mapping[str, Make]) -> Workspace:
    workspace = Workspace.make(root)
    arrays = {"units": "fraction", "width": 1000, "height": 500, "fps": 50}
    workspace.set(dataset="mine", datasets__mine={"adapter": "folder", "landmarks": arrays})
    workspace.set(quality__max_failed=1.0)
    data = root / "data/raw/mine"
    data.mkdir(parents=True)
    rows = []
    for number, (name, make) in enumerate(cases.items()):
        path = data / (name if "." in name else f"{name}.mp4")
        make(path)
        rows.append(f"{path.name},p{number},{number % 2}")
    for helper in data.glob("*.plain.mp4"):
        helper.unlink()
    (data / "clips.csv").write_text("\n".join(["path,subject,label", *rows]))
    return workspace


def run(workspace: Workspace, *stages: str) -> None:
    for stage in stages:
        done = workspace.stage(stage)
        assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Every case, from index to quality."""
    workspace = make_set(tmp_path_factory.mktemp("filmed"), CASES)
    run(workspace, "index", *STAGES)
    return workspace


def landmarks(workspace: Workspace, clip: str) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Times (T,) s and landmarks (T, 478, 3)."""
    path = workspace.root / f"data/landmarks/{clip}.parquet"
    table = parquet.read(landmarks_table(478), path)
    xyz = table["xyz"].combine_chunks().flatten().to_numpy().reshape(-1, 478, 3)
    return table["time"].to_numpy(), xyz


def width(xyz: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of the mouth, in inter-ocular distances."""
    right, left = (MESH.lip_corners.right[0], MESH.lip_corners.left[0])
    return np.asarray(np.linalg.norm(xyz[:, right] - xyz[:, left], axis=1), np.float64)


def test_the_mouth_is_as_wide_as_it_was_made(filmed: Workspace):
    times, xyz = landmarks(filmed, "plain")
    assert np.corrcoef(width(xyz), PLAN.drives(times).lip)[0, 1] > 0.99


@pytest.mark.parametrize("view", VIEWS)
def test_landmarks_do_not_depend_on_how_the_face_was_filmed(filmed: Workspace, view: str):
    _, plain = landmarks(filmed, "plain")
    _, seen = landmarks(filmed, view)
    if view == "mirrored":
        seen = seen[:, MESH.mirror] * np.array([-1, 1, 1], np.float32)
    error = np.linalg.norm(seen - plain, axis=-1)
    assert np.median(error) < 0.02


@pytest.mark.parametrize("case", [*TIMES, *TURNS])
def test_rate_and_rotation_do_not_change_the_signal(filmed: Workspace, case: str):
    """At the same times the mouth is as wide, within the 2 % that hold for every other view: each
    case is another encoding, and codecs leave other traces in turned pictures."""
    times, plain = landmarks(filmed, "plain")
    at, seen = landmarks(filmed, case)
    both = times <= at[-1]  # one film may be shorter than the other
    same, known = np.interp(times[both], at, width(seen)), width(plain)[both]
    assert np.median(np.abs(same - known)) < 0.02, "inter-ocular distances"
    assert np.corrcoef(same, known)[0, 1] > 0.99


def test_there_is_one_row_for_each_frame_and_never_a_zero(filmed: Workspace):
    for clip in ("plain", "leaving"):
        frames = parquet.read(FRAMES, filmed.root / f"data/frames/{clip}.parquet")
        mesh = read_mesh(filmed.root / f"data/mesh/{clip}.parquet")
        assert mesh.frames.tolist() == frames["frame"].to_pylist()
        assert mesh.times.tolist() == frames["time"].to_pylist()
        assert not (mesh.xyz == 0).any()


def test_a_face_that_leaves_is_absent_exactly_there(filmed: Workspace):
    mesh = read_mesh(filmed.root / "data/mesh/leaving.parquet")
    absent = np.isnan(mesh.xyz).all(axis=(1, 2))
    assert np.flatnonzero(absent).tolist() == list(range(25, 40))
    table = parquet.read(landmarks_table(478), filmed.root / "data/landmarks/leaving.parquet")
    assert not any(table["filled"].to_pylist()), "0.6 s is too long to be filled in"
    verdicts = verdicts_of(filmed)
    assert verdicts["leaving"] == (False, "few_faces")


def test_no_face_at_all_is_a_row_and_the_rest_goes_on(filmed: Workspace):
    for stage in STAGES[1:4]:
        assert filmed.statuses(stage)["nobody"] == ("failed", "no_face")
    assert verdicts_of(filmed)["nobody"] == (False, "no_face")
    assert not (filmed.root / "data/faces/nobody.parquet").exists()
    assert verdicts_of(filmed)["plain"] == (True, "")


def verdicts_of(workspace: Workspace) -> dict[str, tuple[bool, str]]:
    rows = parquet.read(QUALITY, workspace.root / "data/quality.parquet").to_pylist()
    return {row["clip"]: (row["used"], row["reason"]) for row in rows}


def test_one_of_two_people_is_followed(filmed: Workspace):
    boxes, *_ = read_boxes(filmed.root / "data/faces/two.parquet")
    centre = (boxes[:, 0] + boxes[:, 2]) / 2
    assert np.isfinite(centre).all()
    assert np.abs(centre - (180 + np.arange(30))).max() < 25, "the larger one, on the left"
    faces = parquet.read(FACES, filmed.root / "data/faces/two.parquet")
    assert set(faces["n_faces"].to_pylist()) == {2}


@pytest.fixture(scope="module")
def cut(filmed: Workspace) -> Workspace:
    """The same after the stage `crops`, for a model that looks at grey chips of 224 px."""
    filmed.set(model="dexpression")
    run(filmed, "crops")
    filmed.set(model="mesh")
    return filmed


def chips(workspace: Workspace, clip: str) -> tuple[Chips, NDArray[np.float32]]:
    """With the chips (T, 224, 224) blurred, or noise would be most of any difference."""
    found = read_crops(workspace.root / f"data/crops/{clip}.parquet")
    blurred = [cv2.GaussianBlur(chip, (0, 0), 3.0) for chip in found.chips[..., 0]]
    return found, np.array(blurred, np.float32)


@pytest.mark.parametrize("view", VIEWS)
def test_chips_do_not_depend_on_how_the_face_was_filmed(cut: Workspace, view: str):
    """They fit better where they are, by a quarter, than moved by 2 px of 224."""
    (known, plain), (found, seen) = chips(cut, "plain"), chips(cut, view)
    assert found.times.tolist() == known.times.tolist()
    assert len(plain) == 13, "2.4 s at 5 a second"
    seen = seen[:, :, ::-1] if view == "mirrored" else seen
    face = np.s_[:, 60:200, 50:174]  # what lies around it is cut off in some views

    def misfit(down: int, right: int) -> float:
        moved = np.roll(seen, (down, right), axis=(1, 2))
        return float(np.abs(moved[face] - plain[face]).mean())

    assert misfit(0, 0) < 0.75 * min(misfit(*by) for by in ((2, 0), (-2, 0), (0, 2), (0, -2)))


def test_a_face_that_leaves_has_no_chips_meanwhile(cut: Workspace):
    found, _ = chips(cut, "leaving")
    gone = (found.times >= 1.0) & (found.times < 1.6)
    assert np.array_equal(found.seen, ~gone)
    assert gone.sum() == 3
    assert cut.statuses("crops")["nobody"] == ("failed", "no_face")


def test_chips_have_the_same_bytes_however_they_are_made(cut: Workspace, tmp_path: Path):
    def made() -> dict[str, bytes]:
        return {path.stem: path.read_bytes() for path in (cut.root / "data/crops").iterdir()}

    before = made()
    assert len(before) == len(CASES) - 1
    cut.set(model="dexpression")
    done = cut.stage("crops", DUCHENNE_ENGINE="inline", DUCHENNE_CACHE=str(tmp_path))
    cut.set(model="mesh")
    assert "cached" not in done.stdout, done.stdout
    assert made() == before


def test_a_clip_of_two_people_can_be_refused(filmed: Workspace, tmp_path: Path):
    workspace = make_set(tmp_path, {"two": two_people, "plain": film})
    workspace.set(detect__select="error")
    run(workspace, "index", "decode", "detect")
    assert workspace.statuses("detect") == {
        "two": ("failed", "several_faces"),
        "plain": ("ok", ""),
    }


def test_the_report_counts_and_the_gate_stops(filmed: Workspace):
    report = json.loads((filmed.root / "data/reports/quality.json").read_text())
    assert report["clips"] == len(CASES)
    assert report["excluded"] == {"few_faces": 1, "no_face": 1}
    assert report["used"] == len(CASES) - 2
    filmed.set(quality__max_failed=0.1)
    done = filmed.stage("quality")
    filmed.set(quality__max_failed=1.0)
    assert done.returncode == 1
    assert "2 of 17 units failed (1 few_faces, 1 no_face)" in done.stdout


def test_limits_are_judged_without_computing_anything(filmed: Workspace):
    before = len(list(filmed.cache.entries()))
    filmed.set(quality__min_size=80.0)
    run(filmed, "quality")
    filmed.set(quality__min_size=40.0)
    assert verdicts_of(filmed)["half"] == (False, "small_face")
    assert len(list(filmed.cache.entries())) == before


def test_published_arrays_need_no_video(tmp_path: Path):
    """Shares become px, zeros become NaN, and mediapipe is not asked."""
    face = np.array(demo_portrait(), np.float64)
    shares = np.repeat((face / (1000, 500, 1000))[None], 40, axis=0)
    shares[10:13] = 0.0

    def release(path: Path) -> None:
        np.save(path, shares.astype(np.float32))

    def picture(path: Path) -> None:
        np.save(path, np.zeros((4, 4), np.float32))

    workspace = make_set(tmp_path, {"s1.npy": release, "wrong.npy": picture})
    block = "import sys; sys.modules['mediapipe'] = None; from stages.{0} import main; main()"
    for stage in ("index", *STAGES):
        done = workspace.run("python", "-c", block.format(stage), DUCHENNE_ENGINE="inline")
        assert "Traceback" not in done.stdout, done.stdout
    assert workspace.statuses("mesh")["wrong"] == ("failed", "not_landmarks")
    mesh = read_mesh(tmp_path / "data/mesh/s1.parquet")
    assert mesh.times[1] == pytest.approx(0.02)
    assert np.flatnonzero(np.isnan(mesh.xyz[:, 0, 0])).tolist() == [10, 11, 12]
    np.testing.assert_allclose(mesh.xyz[0], face, atol=1e-3)
    _, done_xyz = landmarks(workspace, "s1")
    assert np.isfinite(done_xyz).all(), "0.08 s are filled in"
    _, quality = read_quality(tmp_path / "data/landmarks/s1.parquet")
    width, height = np.ptp(face[:, :2], axis=0)
    assert quality.size == pytest.approx(min(width, height), rel=1e-4)


def test_broken_arrays_are_rows_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DUCHENNE_ENGINE", "inline")
    face = np.array(demo_portrait(), np.float64) / (1000, 500, 1000)

    def sound(path: Path, *, frames: int) -> None:
        np.save(path, np.repeat(face[None], frames, axis=0).astype(np.float32))

    def broken(path: Path, *, begin: bytes, end: int | None) -> None:
        sound(path, frames=40)
        path.write_bytes(begin + path.read_bytes()[len(begin) : end])

    cases: dict[str, Make] = {f"s{n}.npy": partial(sound, frames=30 + n) for n in range(3)}
    cases["torn.npy"] = partial(broken, begin=b"", end=-1000)
    cases["open.npy"] = partial(broken, begin=b"\x93NUMPY\x01\x00\x06\x00{'a': (", end=None)
    workspace = make_set(tmp_path, cases)
    run(workspace, "index", *STAGES)
    bad = {"torn": ("failed", "truncated"), "open": ("failed", "not_an_array")}
    assert workspace.statuses("mesh") == {**dict.fromkeys(["s0", "s1", "s2"], ("ok", "")), **bad}
    assert {name for name, (used, _) in verdicts_of(workspace).items() if used} == {
        "s0",
        "s1",
        "s2",
    }


def demo_portrait() -> NDArray[np.float64]:
    from duchenne.datasets.demo import portrait

    table = np.loadtxt(Path(portrait.__file__).with_name("portrait.csv"), delimiter=",", skiprows=1)
    return table[:, 1:4]


def test_real_clips(clips: Path, tmp_path: Path):
    """Five clips of other people's making, where there are any."""
    workspace = Workspace.make(tmp_path)
    workspace.set(dataset="real", datasets__real={"adapter": "folder"}, quality__max_failed=1.0)
    data = tmp_path / "data/raw/real"
    data.mkdir(parents=True)
    names = ["single_face.mp4", "face_noface.mov", "no_face.mp4", "two_faces.gif", "speech.mpg"]
    for name in names:
        (data / name).write_bytes((clips / name).read_bytes())
    rows = [f"{name},p{i},{i % 2}" for i, name in enumerate(names)]
    (data / "clips.csv").write_text("\n".join(["path,subject,label", *rows]))
    run(workspace, "index", *STAGES)
    used = {name: verdict[0] for name, verdict in verdicts_of(workspace).items()}
    assert used.pop("no_face") is False
    assert used.pop("face_noface") is False, "half of it shows nobody"
    assert used == {"single_face": True, "two_faces": True, "speech": True}
    boxes, *_ = read_boxes(tmp_path / "data/faces/two_faces.parquet")
    steps = np.abs(np.diff((boxes[:, 0] + boxes[:, 2]) / 2))
    assert steps.max() < 0.25 * (boxes[0, 2] - boxes[0, 0]), "the same person throughout"
    absent = np.isnan(read_mesh(tmp_path / "data/mesh/face_noface.parquet").xyz[:, 0, 0])
    gaps = np.flatnonzero(np.diff(np.concatenate(([0], absent, [0]))))
    assert len(gaps) == 2, "gone once, and back once or never"
    assert 40 < absent.sum() < 120
    workspace.set(detect__select="error")
    assert workspace.stage("detect").returncode == 0
    assert workspace.statuses("detect")["two_faces"] == ("failed", "several_faces")


def test_a_clip_whose_mesh_is_gone_is_not_normalised_from_its_faces(tmp_path: Path):
    """Where landmarks were given there are no faces; where there are, they come second."""
    workspace = make_set(tmp_path, {"plain": partial(film, times=EVEN[:12])})
    run(workspace, "index", "decode", "detect", "mesh")
    (workspace.root / "data/mesh/plain.parquet").unlink()
    done = workspace.stage("normalize")
    assert done.returncode == 1
    assert done.stdout.strip().splitlines()[-1].endswith("`dvc repro` makes what is missing")
    assert "data/mesh/plain.parquet cannot be read" in done.stdout
