"""The stage `crops`: whose chips are cut, for whom it costs nothing, and what they look like."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duchenne.config import params
from duchenne.config.models import NEEDS
from duchenne.errors import GateError, ParamsError
from duchenne.flow import engine
from duchenne.flow.gate import read_status
from duchenne.flow.settings import Settings
from duchenne.flow.unit import StatusRow
from duchenne.pipeline.stage import Stage, load
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.crops import Chips, read_crops
from duchenne.tables.status import STATUS
from stages import crops
from tests.make.crops import face, texture, write_box, write_frames, write_mesh
from tests.make.workspace import Workspace
from tests.rules.imports import ROOT

FAILED = {"empty": ("decode", "empty_file"), "photo_nobody": ("detect", "no_face"),
          "photo_boxed": ("mesh", "no_face"), "photo_crowd": ("detect", "several_faces"),
          "nobody": ("detect", "no_face")}  # fmt: skip
KINDS = {"empty": "video", "smile": "video", "nobody": "video", "photo": "image",
         "photo_nobody": "image", "photo_boxed": "pixels", "photo_crowd": "image"}  # fmt: skip


class Made:
    """A workspace as the stage `mesh` leaves it, in which `crops` runs inside the test."""

    def __init__(self, root: Path, kinds: dict[str, str]) -> None:
        self.workspace, self.data = Workspace.make(root), root / "data"
        self.workspace.set(dataset="mine", datasets__mine={"adapter": "folder"})
        self.workspace.set(quality__max_failed=0.9)
        names = sorted(kinds)
        rows = {column.name: [""] * len(names) for column in CLIPS.columns}
        whole = {"clip": names, "kind": [kinds[name] for name in names]}
        none = dict.fromkeys(("sha256", "bytes", "seconds", "fold", "role"), [None] * len(names))
        label = {"label": [0] * len(names)}
        parquet.write(CLIPS, self.data / "clips.parquet", {**rows, **whole, **none, **label})
        done = [StatusRow(name, "failed", FAILED[name][1], "", FAILED[name][0]) if name in FAILED
                else StatusRow(name, "ok", "", "", "mesh") for name in names]  # fmt: skip
        status = {
            key: [getattr(row, key) for row in done] for key in StatusRow.__dataclass_fields__
        }
        parquet.write(STATUS, self.data / "status/mesh.parquet", status)

    def stage(self, **changes: object) -> Stage:
        self.workspace.set(**changes)
        settings = Settings(engine="inline")
        given = params.load(self.workspace.root / "params.yaml")
        return replace(load("crops", ROOT), root=self.workspace.root, params=given, engine=settings)

    def run(self, **changes: object) -> dict[str, tuple[str, str]]:
        crops.run(self.stage(**changes))
        return self.workspace.statuses("crops")

    def chips(self, clip: str) -> Chips:
        return read_crops(self.data / f"crops/{clip}.parquet")

    def files(self) -> set[str]:
        return {path.stem for path in (self.data / "crops").iterdir()}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Videos and photographs with and without a face."""
    made = Made(tmp_path, KINDS)
    for seed, name in enumerate(sorted(set(KINDS) - {"empty"})):
        times = np.arange(10) / 25 if KINDS[name] == "video" else [0.0]
        pictures = [texture(seed)] * len(times)
        write_frames(made.data / f"frames/{name}.parquet", pictures, times)
        if name not in FAILED:
            faces = np.repeat(face()[None], len(times), axis=0)
            write_mesh(made.data / f"mesh/{name}.parquet", faces, times)
    write_box(made.data / "faces/photo_boxed.parquet", (100, 60, 180, 150), roll=0.0)
    return made


def test_every_clip_with_landmarks_is_cut_and_failures_keep_their_reason(made: Made):
    found = made.run(model="realsmilenet")
    assert made.files() == {"smile", "photo"}
    assert {name for name, (status, _) in found.items() if status == "ok"} == made.files()
    assert {name: reason for name, (_, reason) in found.items() if reason} == {
        name: reason for name, (_, reason) in FAILED.items()
    }
    rows = {row.unit: row.stage for row in read_status(made.data / "status/crops.parquet")}
    assert (rows["nobody"], rows["smile"]) == ("detect", "crops")
    assert made.chips("smile").chips.shape == (3, 48, 48, 3), "at 0, 0.2 and, nearest to 0.4, 0.36"


def test_photographs_that_show_no_face_are_cut_for_models_that_take_them(made: Made):
    found = made.run(model="scn")
    assert made.files() == {"smile", "photo", "photo_nobody", "photo_boxed"}
    assert found["photo_crowd"] == ("failed", "several_faces"), "detect.select refuses it"
    assert found["nobody"] == ("failed", "no_face"), "a video"
    aligned = {name: made.chips(name).aligned.all() for name in made.files()}
    assert aligned == {"smile": True, "photo": True, "photo_nobody": False, "photo_boxed": False}
    shown = {name: made.chips(name).chips for name in made.files()}
    for path in (made.data / "faces").iterdir():
        path.unlink()
    made.run()
    assert np.array_equal(made.chips("photo_nobody").chips, shown["photo_nobody"])
    assert not np.array_equal(made.chips("photo_boxed").chips, shown["photo_boxed"])


@pytest.mark.parametrize("model", [name for name, needs in NEEDS.items() if not needs.chip])
def test_a_model_that_looks_at_no_pictures_costs_nothing(
    made: Made, model: str, monkeypatch: pytest.MonkeyPatch
):
    """No worker starts, nothing is read, and the outs do not depend on the model."""
    made.run(model="realsmilenet")
    monkeypatch.setattr(engine, "start", None)
    (made.data / "clips.parquet").unlink()
    assert made.run(model=model, window__fps=9.0) == {}
    assert made.files() == set()
    status = (made.data / "status/crops.parquet").read_bytes()
    made.run(model="svm", window__fps=3.0)
    assert (made.data / "status/crops.parquet").read_bytes() == status


def test_opencv_is_loaded_only_where_chips_are_cut(tmp_path: Path):
    code = (
        "import sys, stages.crops; sys.exit('cv2' in sys.modules or 'distributed' in sys.modules)"
    )
    assert Workspace.make(tmp_path).run(sys.executable, "-c", code).returncode == 0


@pytest.mark.parametrize(
    ("changes", "computed"),
    [
        ({"train__epochs": 3, "seed": 7, "protocol": "published"}, 0),
        ({"window__frames": 9, "window__test": 1, "quality__max_failed": 1.0}, 0),
        ({"window__fps": 4.0}, 2),
        ({"model": "vit"}, 2),
        ({"model": "scn"}, 4),
    ],
    ids=str,
)
def test_what_decides_a_chip_and_nothing_else_is_in_its_key(made: Made, cache, changes, computed):
    units = cache / "units/crops"
    made.run(model="realsmilenet")
    before = set(units.glob("*/*"))
    made.run(**changes)
    assert len(set(units.glob("*/*")) - before) == computed


def test_models_that_look_alike_share_their_chips(
    made: Made, cache, monkeypatch: pytest.MonkeyPatch
):
    """Also where one takes photographs without landmarks and the other does not."""
    made.run(model="scn")
    before = set((cache / "units/crops").glob("*/*"))
    monkeypatch.setitem(NEEDS, "realsmilenet", replace(NEEDS["scn"], unaligned=False))
    made.run(model="realsmilenet")
    assert set((cache / "units/crops").glob("*/*")) == before
    assert made.files() == {"smile", "photo"}


@pytest.mark.parametrize("kind", ["landmarks", "dmarkers"])
def test_a_set_without_pictures_stops_with_a_sentence(tmp_path: Path, kind: str):
    made = Made(tmp_path, {"a": kind, "b": kind, "empty": "video"})
    with pytest.raises(ParamsError, match="looks at pictures, and no clip of this data set has"):
        made.run(model="dexpression", quality__max_failed=1.0)
    assert made.run(model="mesh") == {}


def test_single_clips_without_pictures_fail_and_count(tmp_path: Path):
    made = Made(tmp_path, {"array": "landmarks", "smile": "video"})
    write_frames(made.data / "frames/smile.parquet", [texture()], [0.0])
    write_mesh(made.data / "mesh/smile.parquet", [face()], [0.0])
    assert made.run(model="vit") == {"array": ("failed", "unseen"), "smile": ("ok", "")}
    with pytest.raises(GateError, match=r"1 of 2 units failed \(1 unseen\)"):
        made.run(quality__max_failed=0.1)
