"""`duchenne predict`: what a run said of its test clips, it says of them as new ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import duchenne
from duchenne.cli.main import app
from duchenne.datasets import demo
from duchenne.dmarkers.names import COLUMNS
from duchenne.errors import TrainingError
from duchenne.evaluation.calibration import scaled
from duchenne.measuring import Measurement
from duchenne.predicting import load_model
from duchenne.tables import parquet
from duchenne.tables.dmarkers import SIGNALS
from duchenne.tables.models import files
from duchenne.tables.predictions import PREDICTIONS, only_tested
from tests.cli.test_report import SCORES, put
from tests.training.test_fold import (
    MADE,
    NAMES,
    SUBJECTS,
    run,
    stored,
    write_markers,
    write_signals,
)

__all__ = ["stored"]  # a fixture
SECONDS = [1.0 + number % 2 + number / 100 for number in range(len(NAMES))]


def measured(name: str, root: Path, **changes: Any) -> Measurement:
    """A clip of the run as `duchenne measure` gives it."""
    clip = MADE[name]
    signals = SIGNALS.schema.empty_table()
    if (root / "signals.parquet").exists():
        whole = parquet.read(SIGNALS, root / "signals.parquet")
        signals = whole.filter(pa.array([own == name for own in whole["clip"].to_pylist()]))
    known: dict[str, Any] = {
        "clip": name, "path": root, "status": "ok", "reason": "", "detail": "",
        "facts": {"usable": True, "seconds": SECONDS[NAMES.index(name)]},
        "signals": signals, "times": clip.times, "landmarks": clip.xyz,
        "markers": pa.table({column: [value] for column, value in
                             zip(COLUMNS, clip.markers, strict=True)}),
        "smiles": pa.table({"clip": [name]}), "blinks": pa.table({"clip": [name]}),
    }  # fmt: skip
    return Measurement(**(known | changes))


HOW: list[dict[str, Any]] = [
    {},
    {"window__shows": "velocity", "fusion": "hadamard"},
    {"window__shows": "motion", "fusion": "multitask", "net__indicators": True},
    {"fusion": "concat", "train__durations": "drop", "net__points": "features"},
    {"model": "svm"},
    {"model": "trees"},
    {"model": "duration"},
    {"model": "first_frame"},
    {"model": "rocket"},
]


@pytest.mark.parametrize("how", HOW, ids=lambda how: "-".join(map(str, how.values())) or "mesh")
def test_a_new_clip_is_seen_as_a_test_clip_was(stored: Path, how: dict[str, Any]):
    write_markers(stored / "dmarkers.parquet", seconds=SECONDS)
    write_signals(stored / "signals.parquet")
    folder = run(stored, **how)
    model = load_model(folder)
    assert [fold.facts["fold"] for fold in model.folds] == ["a", "b"]
    for number, fold in enumerate(("a", "b")):
        rows = only_tested(parquet.read(PREDICTIONS, files(folder / fold).predictions)).to_pylist()
        assert len(rows) == 6
        for row in rows:
            each = model.probabilities(measured(row["clip"], stored))
            assert each[number].tolist() == pytest.approx([row["p_0"], row["p_1"]], abs=1e-5)


def test_temperatures_and_the_range_over_folds(stored: Path):
    folder = run(stored)
    plain = load_model(folder).probabilities(measured("c00", stored))
    facts = files(folder / "a").facts
    facts.chmod(0o644)
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"temperature": 3.0}))
    model = load_model(folder)
    each = model.probabilities(measured("c00", stored))
    assert each[0] == pytest.approx(scaled(plain[:1], 3.0)[0])
    assert each[1] == pytest.approx(plain[1])
    said = model.predict(measured("c00", stored))
    assert said.probability == pytest.approx(each[:, 1].mean())
    assert (said.low, said.high) == (each[:, 1].min(), each[:, 1].max())
    assert said.label == ("spontaneous" if said.probability > 0.5 else "posed")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "failed", "detail": "no face"}, "no face"),
        ({"facts": {"usable": False}, "detail": "the head is turned"}, "the head is turned"),
        ({"smiles": pa.table({"clip": []})}, "no smile is found"),
    ],
)
def test_nothing_is_said_without_a_smile_that_can_be_trusted(
    stored: Path,
    changes: dict[str, Any],
    says: str,
):
    said = load_model(run(stored)).predict(measured("c00", stored, **changes))
    assert (said.label, said.cannot_say) == ("", says)
    assert np.isnan(said.probability)


def test_other_landmarks_are_refused(stored: Path):
    model = load_model(run(stored))
    xyz = np.random.default_rng(0).normal(0.0, 1.0, (12, 478, 3)).astype(np.float32)
    assert (
        "68 landmarks of another kind"
        in model.predict(measured("c00", stored, landmarks=xyz)).cannot_say
    )


def test_models_that_cannot_be_used_are_one_sentence(stored: Path, tmp_path: Path):
    with pytest.raises(TrainingError, match="holds no models"):
        load_model(tmp_path)
    folder = run(stored)
    weights = files(folder / "a").weights
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(TrainingError, match="this version cannot read its model"):
        load_model(folder)


# ---- Bundles -------------------------------------------------------------------------------------
@pytest.fixture
def exported(stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a run of `fusion: concat`, exported to a folder that its digest names."""
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    run(stored, fusion="concat").rename(project / "models/folds")
    (project / "dvc.yaml").write_text("stages: {}")
    put(project, "data/reports/scores.json", SCORES)
    monkeypatch.chdir(project)
    result = CliRunner().invoke(app, ["export", "mine"])
    assert result.exit_code == 0, result.output
    pin = result.output.split()[-1]
    (project / "mine").rename(project / pin)
    return project / pin


def test_a_bundle_says_what_the_run_says_without_names(exported: Path, stored: Path):
    ours, theirs = (load_model(folder) for folder in (exported, exported.parent / "models/folds"))
    clip = measured("c00", stored)
    np.testing.assert_array_equal(ours.probabilities(clip), theirs.probabilities(clip))
    inside = "".join(path.read_text() for path in exported.rglob("*.json"))
    assert not any(f'"{subject}"' in inside for subject in SUBJECTS.values())
    assert {path.name for path in exported.rglob("*") if path.is_file()} == {
        "bundle.json", "card.md", "model.json", "model.safetensors",
    }  # fmt: skip
    card = (exported / "card.md").read_text()
    assert "| all test clips | 40 | 10 | 0.750 (0.600 to 0.900) | 0.800 |" in card
    assert "Decisions about people" in card
    load_model(exported, sha256=exported.name)
    again = CliRunner().invoke(app, ["export", exported.name])
    assert again.exit_code == 2
    assert "is there already" in " ".join(again.output.split())


@pytest.mark.parametrize("harm", ["weights", "facts", "missing", "extra", "version", "pin", "link"])
def test_a_bundle_that_is_not_as_exported_is_refused(exported: Path, harm: str, tmp_path: Path):
    place, pin = files(exported / "a"), None
    match harm:
        case "weights":
            place.weights.write_bytes(place.weights.read_bytes()[:-1] + b"x")
        case "facts":
            place.facts.write_text(place.facts.read_text().replace('"classes"', '"classes" '))
        case "missing":
            place.weights.unlink()
        case "extra":
            (exported / "c").mkdir()
            (exported / "c/model.json").write_text("{}")
        case "version":
            manifest = exported / "bundle.json"
            manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 9'))
        case "pin":
            pin = "0" * 64
        case "link":
            place.weights.rename(tmp_path / "elsewhere")
            place.weights.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TrainingError, match=r"is damaged: |of version 9|is another bundle"):
        load_model(exported, sha256=pin)


def test_no_digest_pins_a_folder_that_is_no_bundle(stored: Path):
    with pytest.raises(TrainingError, match="is no bundle"):
        load_model(run(stored), sha256="0" * 64)


def test_from_video_to_json(stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The models have 68 landmarks, and the videos are measured with 478, which is said."""
    folder = run(stored, model="svm")
    [plan, *_] = demo.plan(seed=3, subjects=2, clips_per_subject=2, size=192, kinds=("plain",))
    demo.write_video(plan, tmp_path / "smile.mp4")
    (tmp_path / "broken.mp4").write_text("nothing")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUCHENNE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DUCHENNE_ENGINE", "inline")
    words = ["predict", "smile.mp4", "broken.mp4", "--model", str(folder), "--json", "said.json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1, result.output
    said = {row["clip"]: row for row in json.loads((tmp_path / "said.json").read_text())["clips"]}
    assert (
        0.0 <= said["smile"]["low"] <= said["smile"]["probability"] <= said["smile"]["high"] <= 1.0
    )
    assert said["broken"]["probability"] is None
    assert said["broken"]["cannot_say"]
    again = duchenne.load_model(folder).predict(duchenne.measure("smile.mp4"))
    assert again.probability == pytest.approx(said["smile"]["probability"], abs=1e-5)
    missing = CliRunner().invoke(app, ["predict", "smile.mp4", "--model", "nowhere"])
    assert missing.exit_code == 2
    assert "nowhere holds no models" in missing.output
