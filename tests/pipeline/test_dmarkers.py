"""From videos to D-Markers through the stage scripts: truth, time, mirrors, tables of others."""

import csv
import json
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from duchenne.cli.import_dmarkers import import_dmarkers
from duchenne.datasets import demo
from duchenne.datasets.demo import View
from duchenne.dmarkers.names import COLUMNS
from duchenne.tables import parquet
from duchenne.tables.blinks import BLINKS
from duchenne.tables.clips import CLIPS
from duchenne.tables.dmarkers import DMARKERS, SIGNALS, read_features
from tests.make.workspace import Workspace
from tests.pipeline.test_landmarks import film_of, make_set, run

Array = NDArray[np.float64]
PLANS = demo.plan(seed=3, subjects=6, clips_per_subject=2, size=256)
BEATS = np.array([0.02, 0.03, 0.045, 0.025])  # of an uneven camera, s
VIEWS = {
    "left": View(roll=15.0),
    "right": View(roll=-15.0),
    "moved": View(right=0.08, down=-0.05),
    "small": View(scale=0.75),
    "mirror": View(mirrored=True),
}
SHOWN = 0.5  # share of a rendered closure that the mesh shows
RATES = ("30", "50", "uneven")
ACCELERATIONS = np.array(["_acc_" in column for column in COLUMNS])
LEFT_RIGHT = np.array([column.endswith("left_right") for column in COLUMNS])


def times(seconds: float, rate: str) -> Array:
    if rate == "uneven":
        beats = np.tile(BEATS, int(seconds / BEATS.sum()))
        return np.concatenate([[0.0], np.cumsum(beats)])
    return np.arange(round(seconds * int(rate))) / int(rate)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Twelve smiles, each filmed at four rates and from five other views."""
    cases = {}
    for plan in PLANS:
        for rate in ("25", *RATES):
            at = times(plan.seconds, rate)
            cases[f"{plan.clip}-{rate}"] = partial(film_of, plan=plan, times=at)
        for view, seen in VIEWS.items():
            at = times(plan.seconds, "25")
            cases[f"{plan.clip}-{view}"] = partial(film_of, plan=plan, times=at, view=seen)
    workspace = make_set(tmp_path_factory.mktemp("filmed"), cases)
    workspace.set(decode__fps=50)
    run(workspace, "index", "decode", "detect", "mesh", "normalize", "dmarkers")
    return workspace


@pytest.fixture(scope="module")
def features(filmed: Workspace) -> dict[str, Array]:
    names, found = read_features(filmed.root / "data/dmarkers.parquet")
    return dict(zip(names, found, strict=True))


def changes(features: dict[str, Array], case: str) -> Array:
    """By which share a case changes each feature (225,): of the median smile, so that what a codec
    or a camera's noise does to a single clip does not count as an effect of the case."""
    ratios = []
    for plan in PLANS:
        plain, seen = features[f"{plan.clip}-25"], features[f"{plan.clip}-{case}"]
        seen = np.where(LEFT_RIGHT, -seen, seen) if case == "mirror" else seen
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios.append(np.where(plain == seen, 1.0, seen / plain))
    ratios = [np.where(np.isfinite(ratio), ratio, np.nan) for ratio in ratios]
    whole = np.array(ratios)
    known = np.isfinite(whole).sum(axis=0) >= 3
    change = np.full(len(COLUMNS), np.nan)
    change[known] = np.abs(np.nanmedian(whole[:, known], axis=0) - 1.0)
    return change


@pytest.mark.parametrize("signal", ["lip", "eyelid", "cheek"])
def test_signals_follow_what_was_rendered(filmed: Workspace, signal: str):
    table = parquet.read(SIGNALS, filmed.root / "data/signals.parquet")
    found = []
    for plan in PLANS:
        own = table.filter(pc.field("clip") == f"{plan.clip}-25")
        drive = getattr(plan.smile.drives(own["time"].to_numpy()), signal)  # blinks are bridged
        found.append(abs(np.corrcoef(own[signal].to_numpy(), drive)[0, 1]))
    assert np.median(found) >= {"lip": 0.99, "eyelid": 0.93, "cheek": 0.95}[signal]


@pytest.mark.parametrize("rate", ["25", *RATES])
def test_blinks_are_found_where_they_were_rendered(filmed: Workspace, rate: str):
    table = parquet.read(BLINKS, filmed.root / "data/blinks.parquet")
    depths = []
    for plan in PLANS:
        found = table.filter(pc.field("clip") == f"{plan.clip}-{rate}")
        assert found["blink"].to_pylist() == list(range(len(plan.blinks))), plan.clip
        true = [blink.peak_s for blink in plan.blinks]
        assert found["shut"].to_pylist() == pytest.approx(true, abs=0.03), plan.clip
        depths += [
            seen / SHOWN / blink.depth
            for seen, blink in zip(found["depth"].to_pylist(), plan.blinks, strict=True)
        ]
    assert np.median(np.abs(np.array(depths) - 1.0)) <= 0.15


def test_phases_begin_and_end_when_the_smile_does(filmed: Workspace):
    """Within two frames of 25 a second, in at least nine of ten clips, in every rate and view."""
    rows = parquet.read(DMARKERS, filmed.root / "data/dmarkers.parquet").to_pylist()
    plans = {plan.clip: plan for plan in PLANS}
    off = []
    for row in rows:
        truth = plans[row["clip"].rsplit("-", 1)[0]].smile.bounds()
        keys = ("onset_start", "onset_end", "offset_start", "offset_end")
        off.append([row[key] - at for key, at in zip(keys, truth, strict=True)])
    near = np.abs(np.array(off)) <= 2 / 25
    assert (near.mean(axis=0) >= 0.9).all(), near.mean(axis=0)


@pytest.mark.parametrize("rate", RATES)
def test_the_frame_rate_changes_nothing(
    features: dict[str, Array], rate: str, request: pytest.FixtureRequest
):
    change = changes(features, rate)
    if rate == "30":
        missed = "2.2 and 10.2 % since smiles are found by level and blinks are bridged"
        request.applymarker(pytest.mark.xfail(reason=missed, strict=False))
    assert np.nanmedian(change[~ACCELERATIONS]) <= 0.02
    assert np.nanmedian(change[ACCELERATIONS]) <= 0.10


@pytest.mark.parametrize("view", VIEWS)
def test_the_view_changes_nothing(features: dict[str, Array], view: str):
    assert np.nanmedian(changes(features, view)) <= 0.05


def test_tables_from_elsewhere_need_no_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """27 features of the lips in the layout of others, 1 for posed, from import to the figures."""
    monkeypatch.setenv("DUCHENNE_ENGINE", "inline")
    workspace = Workspace.make(tmp_path)
    short = ("dur", "dur_rise", "amp_max", "amp_mean", "amp_std", "speed_max_rise", "net",
             "left_right", "acc_max_rise")  # fmt: skip
    lips = [f"mouth_{phase}_{name}" for phase in ("onset", "apex", "offset") for name in short]
    given, rng = tmp_path / "given.csv", np.random.default_rng(0)
    with given.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip", "subject", "label", "seconds", "gender", *lips])
        for number in range(24):
            size = rng.uniform(0.8, 1.0, 3) * (1.0 + number % 2)
            part = (1.0, 0.5, 1.0, 0.7, 0.1, 0.6, 0.4, 0.3, 0.2)
            size = rng.uniform(0.8, 1.0, 3) * (1.0 + number % 2)
            part = (1.0, 0.5, 1.0, 0.7, 0.1, 0.6, 0.4, 0.3, 0.2)
            values = [f"{each * share:.3f}" for each in size for share in part]
            person = number // 2
            who = [f"c{number:02d}", f"p{person}", number % 2, 3.0 + rng.uniform()]
            writer.writerow([*who, "fm"[person % 2], *values])
    made = import_dmarkers(given, tmp_path / "data/raw/theirs", positive="posed")
    assert (made.features, made.groups, made.classes["posed"]) == (27, ["gender"], 12)
    workspace.set(dataset="theirs", datasets__theirs={"adapter": "folder"}, folds__count=3)
    run(workspace, "index", "decode", "detect", "mesh", "normalize", "quality", "dmarkers", "folds")
    table = parquet.read(DMARKERS, tmp_path / "data/dmarkers.parquet").to_pylist()
    assert [row["clip"] for row in table] == [f"c{n:02d}" for n in range(24)]
    assert all(3.0 <= row["seconds"] <= 4.0 for row in table)
    assert (table[0]["valid_onset"], np.isnan(table[0]["eyes_onset_dur"])) == (True, True)
    labels = parquet.read(CLIPS, tmp_path / "data/clips.parquet")["label_name"].to_pylist()
    assert labels[:2] == ["spontaneous", "posed"]
    assert json.loads((tmp_path / "data/reports/folds.json").read_text())["all"]["clips"] == 24
    done = workspace.stage("train")
    assert "c00, c01, c02, c03, c04 and 19 more have no landmarks" in done.stdout
    workspace.set(model="svm")
    run(workspace, "check", "crops", "train", "probes", "aggregate")
    summary = json.loads((tmp_path / "metrics/summary.json").read_text())
    assert summary["balanced_accuracy"] > 0.9
    assert "probe_first_frame" not in summary, "there are no faces to be probed"
    scores = json.loads((tmp_path / "data/reports/scores.json").read_text())
    assert scores["groups"].keys() == {"gender"}
    assert scores["length"]["gain_auc"] > 0.2, "length was drawn without regard to the class"


def test_a_broken_table_is_a_row(tmp_path: Path):
    workspace = Workspace.make(tmp_path)
    data = tmp_path / "data/raw/theirs"
    data.mkdir(parents=True)
    broken = {"text": "{", "list": "[1]", "words": '{"mouth_onset_dur": "x"}',
              "unknown": '{"mouth": 1}', "nothing": "{}", "endless": '{"mouth_onset_dur": 1e999}',
              "far": '{"mouth_onset_dur": -1e300}', "truth": '{"mouth_onset_dur": true}',
              "quoted": '{"mouth_onset_dur": "1.5"}', "deep": "[" * 50_000, "null byte": "\0",
              "long": '{"mouth_onset_dur": 1%s}' % ("0" * 400), "cut": '{"mouth_onset_dur": 1',
              "listed": json.dumps({key: [1.5] for key in COLUMNS}), "marked": "\ufeff{}",
              "good": '{"mouth_onset_dur": 1.5}'}  # fmt: skip
    for name, text in broken.items():
        (data / f"{name}.dmarkers").write_text(text)
    rows = [f"{name}.dmarkers,p{i},{i % 2}" for i, name in enumerate(broken)]
    (data / "clips.csv").write_text("\n".join(["path,subject,label", *rows]))
    workspace.set(dataset="theirs", datasets__theirs={"adapter": "folder"}, quality__max_failed=1.0)
    run(workspace, "index", "decode", "detect", "mesh", "normalize", "dmarkers")
    found = workspace.statuses("dmarkers")
    assert found.pop("good") == ("ok", "")
    assert set(found.values()) == {("failed", "not_dmarkers")}
