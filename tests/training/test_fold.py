"""From stored landmarks to models and predictions: a whole small run, and the proof of it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from safetensors import safe_open
from safetensors.torch import load_file

from duchenne.dmarkers.names import COLUMNS, DURATIONS
from duchenne.errors import EvaluationError, GateError
from duchenne.evaluation.summary import Run
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Recipe
from duchenne.tables import parquet
from duchenne.tables.dmarkers import DMARKERS, SIGNALS
from duchenne.tables.landmarks import landmarks_table
from duchenne.tables.mesh import point_column
from duchenne.tables.models import files, read_models
from duchenne.tables.predictions import PREDICTIONS, only_tested
from duchenne.training.fold import train_fold
from duchenne.training.landmark_batches import Clip
from stages.aggregate import prove, score
from stages.train import merge_history, merge_predictions, needed_data, units_of
from tests.make.fold_cases import clip, settings

NAMES = [f"c{number:02d}" for number in range(12)]
SUBJECTS = {name: f"s{number // 2}" for number, name in enumerate(NAMES)}
MADE = {name: clip(name, label=number % 2) for number, name in enumerate(NAMES)}
CLIPS = pa.Table.from_pylist(
    [
        {"clip": name, "subject": SUBJECTS[name], "label": one.label,
         "label_name": ("posed", "spontaneous")[one.label], "gender": "fm"[number % 3 == 0]}
        for number, (name, one) in enumerate(MADE.items())
    ]
)  # fmt: skip
# Subjects s0 to s5: a fold tests three of them, validates on one and trains on two.
TESTED = {"a": {"s0", "s1", "s2"}, "b": {"s3", "s4", "s5"}}
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # of batches, not learnt
VALIDATING = {"a": "s3", "b": "s0"}
FOLDS = pa.Table.from_pylist(
    [
        {"fold": fold, "clip": name, "role": "test" if subject in people else
         "val" if subject == VALIDATING[fold] else "train"}
        for fold, people in TESTED.items() for name, subject in SUBJECTS.items()
    ]
)  # fmt: skip


def write_landmarks(path: Path, made: Clip) -> None:
    frames = len(made.times)
    table = landmarks_table(made.xyz.shape[1])
    columns: dict[str, object] = {
        "frame": np.arange(frames, dtype=np.int32), "time": made.times,
        "success": np.ones(frames, bool), "filled": np.zeros(frames, bool),
        "xyz": point_column(made.xyz),
    }  # fmt: skip
    rest = {c.name: np.zeros(frames) for c in table.columns if c.name not in columns}
    parquet.write(table, path, {**columns, **rest}, points=made.xyz.shape[1], frames=frames)


def write_markers(path: Path, without: str = "", *, seconds: Sequence[float] = ()) -> None:
    rows: dict[str, Any] = {column.name: [0] * len(NAMES) for column in DMARKERS.columns}
    for column in DMARKERS.columns:
        if pa.types.is_boolean(column.type):
            rows[column.name] = [True] * len(NAMES)
    values = np.array([made.markers for made in MADE.values()])
    features = {name: values[:, place].tolist() for place, name in enumerate(COLUMNS)}
    rows["seconds"] = list(seconds) or [np.nan] * len(NAMES)
    whole = pa.table({**rows, "clip": NAMES, **features})
    parquet.write(DMARKERS, path, whole.filter(pc.not_equal(whole["clip"], without)))


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A folder with landmarks of every clip and the table of D-Markers."""
    (tmp_path / "landmarks").mkdir()
    for name, made in MADE.items():
        write_landmarks(tmp_path / "landmarks" / f"{name}.parquet", made)
    write_markers(tmp_path / "dmarkers.parquet")
    return tmp_path


def run(
    stored: Path,
    *,
    workers: int = 0,
    seconds: Mapping[str, float] | None = None,
    **changes: object,
) -> Path:
    """All folds as the stage trains them; the folder of their folders."""
    how = settings(train__epochs=2, **changes)
    recipe = Recipe("train", how, f"code {sorted(changes)} {workers}", ())
    needed = {"landmarks": stored / "landmarks", "dmarkers": stored / "dmarkers.parquet",
              "signals": stored / "signals.parquet"}  # fmt: skip
    inputs = needed_data(how, chips=stored / "chips", **needed)
    places = Places(stored / "models" / str(workers), "", stored / "status.parquet")
    fan_out(
        train_fold, units_of(FOLDS, CLIPS, *inputs, seconds=seconds), recipe=recipe,
        places=places, max_failed=0.0, resumes=True,
        settings=Settings(engine="local" if workers else "inline", workers=workers or 1),
    )  # fmt: skip
    return places.results


def test_a_clip_without_its_row_of_markers_is_named(stored: Path):
    write_markers(stored / "dmarkers.parquet", without=NAMES[3])
    with pytest.raises(GateError, match=r"failed|refused"):
        run(stored, fusion="concat")
    rows = read_status(stored / "status.parquet")
    assert {row.reason for row in rows} == {"refused"}
    assert all(f"no D-Markers of {NAMES[3]};" in row.detail for row in rows)


def test_durations_can_be_left_out_of_d_markers(stored: Path):
    """No model gets them, and the standardiser has nothing of them; other columns stay."""
    timed = [COLUMNS.index(name) for name in DURATIONS]
    assert len(timed) == 54
    for durations in ("keep", "drop"):
        folder = run(stored, fusion="concat", train__durations=durations)
        spread = np.array(json.loads(files(folder / "a").facts.read_text())["dmarkers"]["spread"])
        assert (spread[timed] == 0.0).all() == (durations == "drop")
        assert np.median(np.delete(spread, timed)) > 1.0
    svm = run(stored, model="svm", train__durations="drop")
    weights = load_file(files(svm / "a").weights)
    assert not set(weights["columns.chosen"].tolist()) & set(timed)


def test_a_fold_learns_from_clips_of_equal_length(stored: Path):
    """Of the four clips that teach in fold a, c08 and c09 are equally long."""
    seconds = dict.fromkeys(NAMES, 2.0) | {"c10": 3.0, "c11": 4.0}
    how: dict[str, Any] = {"model": "svm", "train__match": "length"}
    facts = read_models(run(stored, seconds=seconds, **how), list(TESTED))
    assert facts["a"]["learnt_from"] == 4
    assert facts["a"]["fitted"] == {"weights": ["s3", "s4"]}
    run(stored, seconds=dict.fromkeys(NAMES, 2.0))
    with pytest.raises(GateError, match=r"failed|refused"):
        run(stored, seconds={}, **how)
    said = {row.detail for row in read_status(stored / "status.parquet")}
    assert any("no posed training clip with a known length" in text for text in said)


def test_a_length_is_learnt_from_the_table_of_d_markers(stored: Path):
    """Spontaneous clips are longer; one clip has no row there, and gets the median length."""
    seconds = [1.0 + number % 2 + number / 100 for number in range(len(NAMES))]
    write_markers(stored / "dmarkers.parquet", without=NAMES[3], seconds=seconds)
    rows = only_tested(merged(run(stored, model="duration"))).to_pylist()
    others = [row for row in rows if row["clip"] != NAMES[3]]
    assert len(rows) == len(NAMES)
    assert all((row["p_1"] > 0.5) == row["label"] for row in others)


def test_a_set_without_any_length_teaches_none(stored: Path):
    with pytest.raises(GateError, match=r"failed|refused"):
        run(stored, model="duration")
    said = {row.detail for row in read_status(stored / "status.parquet")}
    assert len(said) == 1
    assert "no clip has a length in data/dmarkers.parquet, and model: duration" in said.pop()


def write_signals(path: Path, without: str = "") -> None:
    """The lips of spontaneous clips rise and fall three times, those of posed ones once."""
    rng, times, parts = np.random.default_rng(0), np.arange(60) / 25.0, []
    for name, made in MADE.items():
        rows: dict[str, Any] = {
            c.name: rng.normal(0.0, 0.01, 60) for c in SIGNALS.columns if c.type == pa.float64()
        }
        drive = np.sin((1 + 2 * made.label) * np.pi * times / times[-1]) ** 2
        rows |= {"clip": [name] * 60, "frame": np.arange(60, dtype=np.int32), "time": times,
                 "phase": ["neutral"] * 60}  # fmt: skip
        rows |= dict.fromkeys(("lip", "lip_right", "lip_left"), drive)
        parts += [parquet.conform(SIGNALS, rows)] if name != without else []
    parquet.write(SIGNALS, path, pa.concat_tables(parts))


def test_signals_are_learnt_from_their_table_each_clip_by_its_own(stored: Path):
    write_signals(stored / "signals.parquet")
    folder = run(stored, model="rocket", rocket__features=168)
    rows = only_tested(merged(folder)).to_pylist()
    assert len(rows) == len(NAMES)
    assert all((row["p_1"] > 0.5) == row["label"] for row in rows)
    facts = read_models(folder, list(TESTED))
    assert facts["a"]["learns"] == ["train", "val"]
    assert facts["a"]["fitted"]["weights"] == ["s3", "s4", "s5"]


def test_a_clip_without_signals_is_named(stored: Path):
    write_signals(stored / "signals.parquet", without=NAMES[3])
    with pytest.raises(GateError, match=r"failed|refused"):
        run(stored, model="rocket")
    said = {row.detail for row in read_status(stored / "status.parquet")}
    assert len(said) == 1
    assert f"no signals of {NAMES[3]}, and model: rocket sees nothing else" in said.pop()


def merged(folder: Path) -> pa.Table:
    target = folder.parent / "predictions.parquet"
    merge_predictions(
        [folder / fold for fold in TESTED], CLIPS, target, groups=["gender"],
        recipe=Recipe("train", None, "", ()),
    )  # fmt: skip
    return parquet.read(PREDICTIONS, target)


@pytest.mark.parametrize(
    ("protocol", "fusion", "shows", "taught"),
    [
        ("nested", "none", "motion", {"a": ["s4", "s5"], "b": ["s1", "s2"]}),
        ("nested", "concat", "shape", {"a": ["s4", "s5"], "b": ["s1", "s2"]}),
        ("published", "multitask", "motion", {"a": ["s3", "s4", "s5"], "b": ["s0", "s1", "s2"]}),
    ],
)
def test_a_run_from_landmarks_to_a_summary_that_is_proved(
    protocol, fusion, shows, taught, *, stored: Path
):
    folder = run(stored, protocol=protocol, fusion=fusion, window__shows=shows)
    facts = read_models(folder, list(TESTED))
    kinds = {"weights"} | ({"dmarkers"} if fusion != "none" else set())
    kinds |= set() if shows == "shape" else {"scale"}
    for fold, about in facts.items():
        assert about["fitted"] == dict.fromkeys(kinds, taught[fold])
        assert about["optimistic"] == (protocol == "published")
        with safe_open(files(folder / fold).weights, framework="pt") as weights:
            learnt = [k for k in weights.keys() if not k.endswith(STATISTICS)]  # noqa: SIM118
            count = sum(weights.get_tensor(name).numel() for name in learnt)
        assert about["parameters"] == count
    whole = merged(folder)
    genders = dict(zip(NAMES, CLIPS["gender"].to_pylist(), strict=True))
    assert whole["gender"].to_pylist() == [genders[name] for name in whole["clip"].to_pylist()]
    roles = {"test"} if protocol == "published" else {"val", "test"}
    assert set(whole["role"].to_pylist()) == roles
    rows = only_tested(whole)
    assert sorted(rows["clip"].to_pylist()) == NAMES
    assert prove(rows, FOLDS, CLIPS, facts)["verdict"] is True
    found = score(rows, facts, run=Run("mine", "mesh", fusion, protocol), groups=["gender"])
    assert (found["clips"], "optimistic" in found) == (12, protocol == "published")


def test_a_leak_in_the_split_of_a_finished_run_is_found(stored: Path):
    """Models were trained on a split; then somebody changes the split and keeps the models."""
    folder = run(stored)
    rows = only_tested(merged(folder))
    exchanged = {"s0": "s4", "s4": "s0", "s1": "s5", "s5": "s1"}
    other = {name: exchanged.get(subject, subject) for name, subject in SUBJECTS.items()}
    clips = CLIPS.set_column(1, "subject", pa.array(list(other.values())))
    with pytest.raises(EvaluationError, match="weights was fitted on subjects outside"):
        prove(rows, FOLDS, clips, read_models(folder, list(TESTED)))


def test_one_or_two_workers_give_the_same_bytes(stored: Path):
    def content(folder: Path) -> dict[str, bytes]:
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}

    one, two = (content(run(stored, workers=workers, fusion="concat")) for workers in (0, 2))
    assert len(one) == 8
    assert one == two


def test_the_history_says_which_epoch_was_chosen(stored: Path):
    folder = run(stored)
    merge_history([folder / fold for fold in TESTED], stored / "history.csv")
    lines = (stored / "history.csv").read_text().splitlines()
    assert lines[0].startswith("fold,epoch,lr,train_loss,train_accuracy,val_loss,val_accuracy")
    assert lines[0].endswith(",chosen")
    chosen = [line.split(",")[:2] for line in lines[1:] if line.endswith(",1")]
    epochs = [json.loads(files(folder / fold).facts.read_text())["epoch"] for fold in TESTED]
    assert chosen == [[fold, str(epoch)] for fold, epoch in zip(TESTED, epochs, strict=True)]
    assert len(lines) == 5
