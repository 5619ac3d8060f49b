"""What `duchenne status` shows of a data set and of figures; what it leaves out, and why."""

import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from rich.console import Console

from duchenne.cli import status
from duchenne.errors import ParamsError
from duchenne.flow.cache import UnitCache
from duchenne.flow.gate import write_status
from duchenne.flow.unit import Outcome, Recipe, StatusRow
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.folds import FOLDS
from duchenne.tables.predictions import PREDICTIONS
from duchenne.tables.quality import QUALITY
from tests.rules.imports import ROOT

RUN = {"dataset": "mine", "model": "mesh", "fusion": "none", "protocol": "nested"}
FIGURES: dict[str, Any] = {
    "accuracy": 0.857,
    "majority": 0.571,
    "probe_duration": 0.512,
    "clips": 7,
}
SUMMARY: dict[str, Any] = {"run": RUN, **FIGURES}
PROBES = {"duration": {"balanced_accuracy": 0.512, "balanced_accuracy_low": 0.43,
                       "balanced_accuracy_high": 0.59}}  # fmt: skip
POOLED = {"accuracy": 0.857, "accuracy_low": 0.8, "accuracy_high": 0.9, "f1": 0.841}
GROUPS = {
    "age_group": {"young": {"clips": 4, "subjects": 2, "accuracy": 0.75, "auc": 1.0}},
    "gender": {"female": {"clips": 5, "subjects": 3, "accuracy": 0.8, "balanced_accuracy": 0.775}},
}
REPORT = {"run": RUN, "clips": 7, "majority": 0.571, "pooled": POOLED,
          "groups": GROUPS, "probes": PROBES}  # fmt: skip
SCORES = "accuracy 0.857"
NO_REPORT = "data/reports/scores.json: not shown, since it is missing or of another run; run `dvc"


def put(root: Path, name: str, value: Any) -> None:
    """A file of text as it is, of anything else as JSON."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(value if isinstance(value, str) else json.dumps(value))


def choose(root: Path, **chosen: Any) -> None:
    """params.yaml as shipped, but for what is chosen; there is a set `mine`."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["datasets"]["mine"] = {"adapter": "folder"}
    put(root, "params.yaml", yaml.safe_dump({**params, **chosen}))


def told(root: Path) -> str:
    """What is printed, its words on one line."""
    page = io.StringIO()
    status.show(root, Console(file=page, width=200))
    return " ".join(page.getvalue().replace("│", " ").split())


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A workspace in which the set `mine` is chosen, indexed and scored."""
    choose(tmp_path, **RUN)
    put(tmp_path, "data/reports/dataset.json", {"dataset": "mine"})
    put(tmp_path, "metrics/summary.json", SUMMARY)
    return tmp_path


# ---- The data set and its figures ---------------------------------------------------------------
def test_long_lists_are_cut_and_counts_read_as_words(mine: Path):
    facts = {
        "dataset": "mine",
        "against_published": {"clips": -2, "posed": -2},
        "missing": [f"the clip of q{n:02d}" for n in range(1, 9)],
        "not_in_labels": [],
    }
    put(mine, "data/reports/dataset.json", facts)
    said = told(mine)
    assert "-2 clips, -2 posed" in said
    assert "the clip of q05 and 3 more" in said
    assert "q06" not in said
    assert "not in labels" not in said


def test_each_group_has_its_scores_and_how_many_they_rest_on(mine: Path):
    put(mine, "data/reports/scores.json", REPORT)
    page = told(mine)
    assert "gender female 5 3 0.800 0.775" in page
    assert "age group young 4 2 0.750" in page


def test_the_whole_report_is_shown_where_it_is_of_this_run(mine: Path):
    put(mine, "data/reports/scores.json", REPORT)
    page = told(mine)
    assert f"{SCORES} (0.800 to 0.900) f1 0.841" in page
    assert "probe: duration 0.512 (0.430 to 0.590)" in page
    assert "scores.json" not in page


@pytest.mark.parametrize(
    ("calibration", "says"),
    [
        ({"not_calibrated": "5 subjects validate"}, "not calibrated: 5 subjects validate"),
        (
            {"folds": 4, "log_loss": 0.61, "log_loss_calibrated": 0.5, "brier": 0.2,
             "brier_calibrated": 0.18},
            "log loss 0.610 to 0.500, brier 0.200 to 0.180",
        ),
    ],
)  # fmt: skip
def test_what_temperatures_do_is_told(mine: Path, calibration: Any, says: str):
    put(mine, "data/reports/scores.json", REPORT | {"calibration": calibration})
    assert says in told(mine)


@pytest.mark.parametrize("mark", ["optimistic", "padded"])
def test_a_figure_that_flatters_says_so(mine: Path, mark: str):
    for holds in (0, 1):
        marked = {mark: 1} if holds else {}
        put(mine, "data/reports/scores.json", REPORT | marked)
        put(mine, "metrics/summary.json", SUMMARY | marked)
        assert (f" {mark.upper()}: " in told(mine)) == bool(holds)


def test_each_fold_has_its_training_accuracy_beside_its_test_and_its_time(mine: Path, cache: Path):
    put(mine, "data/reports/scores.json", REPORT)
    rows = "1,7,3,0.857,0.841,0.9875\n2,8,4,0.5,,"  # the second fold was trained before
    put(mine, "metrics/plots/folds.csv",
        f"fold,clips,subjects,accuracy,balanced_accuracy,train_accuracy\n{rows}\n")  # fmt: skip
    for fold in "12":
        put(mine, f"models/folds/{fold}/model.json", {"fold": fold})
    assert "1 7 3 0.988 0.857 0.841 2 8 4 0.500" in told(mine)
    assert "trained in" not in told(mine), "nobody knows how long it took elsewhere"
    units = UnitCache(cache)
    for fold, seconds in (("1", 60.5), ("2", 30.0)):
        with units.staging() as staged:
            (staged / "result").write_bytes((mine / f"models/folds/{fold}/model.json").read_bytes())
            clock = {"unit": seconds, "inference": 0.002}
            units.keep("train", f"aa{fold}", staged, Outcome(clock=clock))
    assert "trained in 90.5 s, all folds together; a prediction takes 2.0 ms a clip" in told(mine)


def test_without_groups_there_is_no_such_table(mine: Path):
    put(mine, "data/reports/scores.json", {k: v for k, v in REPORT.items() if k != "groups"})
    said = told(mine)
    assert SCORES in said
    assert "subjects" not in said


@pytest.mark.parametrize(
    "report",
    [
        None,
        {**REPORT, "run": {**RUN, "model": "vit"}},
        {**REPORT, "pooled": {"accuracy": 0.9}},  # another seed, say
        "<<<<<<< HEAD\n{}",
    ],
)
def test_without_a_report_of_this_run_the_headline_is_shown(mine: Path, report: Any):
    if report:
        put(mine, "data/reports/scores.json", report)
    said = told(mine)
    assert SCORES in said
    assert "probe: duration 0.512" in said
    assert "share of the commonest class 0.571" in said
    assert NO_REPORT in said
    assert "gender" not in said


LENGTH = {"auc": 0.8, "gain_auc": 0.03, "pairs_auc": 0.72}
IN_FULL = {**LENGTH, "gain_auc_low": -0.01, "gain_auc_high": 0.07, "pairs_auc_low": 0.65,
           "pairs_auc_high": 0.78, "pairs": 1234}  # fmt: skip
ALONE = "AUC 0.800; this model adds 0.030"


@pytest.mark.parametrize(
    ("headed", "full", "says"),
    [
        (LENGTH, None, f": {ALONE}; between clips of equal length AUC 0.720"),
        (LENGTH, {**IN_FULL, "clips": 7}, f": {ALONE} (-0.010 to 0.070); between clips of equal "
         "length AUC 0.720 (0.650 to 0.780)"),
        (LENGTH, {**IN_FULL, "clips": 5}, f" (5 of 7 clips have one): {ALONE}"),
        ({"auc": 0.8, "gain_auc": 0.03}, None, f": {ALONE}; no posed and spontaneous clip are of "
         "equal length"),
        ({"not_probed": "no length"}, None, ": not probed: no length"),
        ({"not_probed": "no length"}, {"not_probed": "no length"}, ": not probed: no length"),
        (None, None, ": not probed: an earlier version made these figures"),
    ],
)  # fmt: skip
def test_what_length_alone_tells_is_always_said(mine: Path, headed: Any, full: Any, says: str):
    put(mine, "metrics/summary.json", {**SUMMARY, **({"length": headed} if headed else {})})
    if full:
        put(mine, "data/reports/scores.json", {**REPORT, "length": full})
    assert f"length alone{says}" in told(mine)


# ---- What is of something else ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("summary", "says"),
    [
        ({**SUMMARY, "run": {**RUN, "dataset": "demo"}}, "it is of dataset demo, and params.yaml "
         "says dataset mine; run `dvc repro`"),
        ({**SUMMARY, "run": {**RUN, "model": "vit"}}, "it is of model vit, and"),
        ({**SUMMARY, "run": {**RUN, "fusion": "film", "protocol": "published"}},
         "it is of fusion film, protocol published, and params.yaml says fusion none, protocol ne"),
        ({**SUMMARY, "run": {**RUN, "dataset": "[/]"}}, "it is of dataset [/], and"),
        (FIGURES, "it does not say of which dataset, model, fusion, protocol it is; run"),
        ({**SUMMARY, "run": {"dataset": "mine"}}, "it does not say of which"),
        (REPORT, "an earlier version wrote it; run `dvc repro`"),
        ("<<<<<<< HEAD\n{}", "it is not JSON; run `dvc repro`"),
    ],
)  # fmt: skip
def test_figures_of_another_run_are_not_shown(mine: Path, summary: Any, says: str):
    put(mine, "metrics/summary.json", summary)
    said = told(mine)
    assert f"metrics/summary.json: not shown, since {says}" in said
    assert SCORES not in said
    assert "scores.json" not in said
    assert "dataset mine" in said, "what is of this run is shown all the same"


def test_a_data_set_that_is_not_the_chosen_one_is_not_shown(mine: Path):
    put(mine, "data/reports/dataset.json", {"dataset": "demo", "clips": 112})
    said = told(mine)
    assert "data/reports/dataset.json: not shown, since it is of dataset demo, and params" in said
    assert "112" not in said
    assert status.DEMO_NOTE not in said
    assert SCORES in said


def test_a_clone_shows_the_figures_that_come_with_it(tmp_path: Path):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    put(tmp_path, "metrics/summary.json", (ROOT / "metrics/summary.json").read_text())
    said = told(tmp_path)
    assert "no data set has been indexed here" in said
    assert "all test clips" in said
    assert status.DEMO_NOTE in said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"dataset: [", "params.yaml is not valid YAML"),
        (b"dataset: mine", "model: missing"),
        ("dataset: caf\xe9".encode("latin-1"), "params.yaml is not valid YAML: .*utf-8"),
        (None, "params.yaml is missing in"),
    ],
)
def test_a_params_file_that_cannot_be_read_is_told(mine: Path, content: bytes | None, says: str):
    (mine / "params.yaml").unlink()
    if content is not None:
        (mine / "params.yaml").write_bytes(content)
    with pytest.raises(ParamsError, match=says):
        told(mine)


# ---- Status tables ------------------------------------------------------------------------------
def write(kind: parquet.Table, path: Path, clips: Sequence[str]) -> None:
    """A table of these clips, in which all else is nought."""
    nought = pa.array(["0"] * len(clips))
    columns = {column.name: nought.cast(column.type) for column in kind.columns}
    parquet.write(kind, path, {**columns, "clip": clips})


def write_rows(root: Path, stage: str, units: Sequence[str]) -> None:
    rows = [StatusRow(unit, "failed", f"why_{stage}", "", stage) for unit in units]
    recipe = Recipe(stage=stage, params=None, code="", libraries=())
    write_status(root / f"data/status/{stage}.parquet", rows, recipe)


def indexed(root: Path, *, now: Sequence[str], **former: Sequence[str]) -> None:
    """What a run has made of the clips `now`; of other clips are the tables and stages in `former`,
    which an earlier run has left."""
    shutil.copy(ROOT / "dvc.yaml", root)
    put(root, "data/reports/quality.json", {"used": 5, "clips": 7, "excluded": {}})
    for kind in (CLIPS, QUALITY, FOLDS, PREDICTIONS):
        write(kind, root / f"data/{kind.name}.parquet", former.get(kind.name, now))
    for stage in ("decode", "detect"):
        write_rows(root, stage, former.get(stage, now))
    write_rows(root, "crops", [])  # nothing to do for this model
    write_rows(root, "train", ["1", "2"])


def test_a_clip_that_failed_counts_in_the_stage_that_found_it(mine: Path):
    """One file could not be opened, three are no videos, and one shows nobody."""
    clips = [f"c{n}" for n in range(8)]
    indexed(mine, now=clips)
    put(mine, "data/reports/dataset.json", {"dataset": "mine", "cannot_be_read": ["x/c0.mp4"]})
    lost = [StatusRow("c0", "failed", "broken_link", "", "index"),
            *(StatusRow(c, "failed", "not_a_video", "", "decode") for c in clips[1:4])]  # fmt: skip
    nobody = StatusRow("c4", "failed", "no_face", "", "detect")
    fine = {stage: [StatusRow(f"c{n}", "ok", "", "", stage) for n in range(5, 8)]
            for stage in ("decode", "detect")}  # fmt: skip
    seen = StatusRow("c4", "ok", "", "", "decode")
    for stage, rows in (("decode", [*lost, seen]), ("detect", [*lost, nobody])):
        recipe = Recipe(stage=stage, params=None, code="", libraries=())
        write_status(mine / f"data/status/{stage}.parquet", [*rows, *fine[stage]], recipe)
    said = told(mine)
    assert "index 0 0 1 1 broken_link (c0)" in said
    assert "decode 4 0 3 3 not_a_video (c1, c2, c3)" in said
    assert "detect 3 0 1 1 no_face (c4)" in said
    assert "cannot be read" not in said, "of a list of one, where five failed"


@pytest.mark.parametrize("before", [["c", "d"], ["a"], ["a", "b", "c"], ["a", "c"]])
@pytest.mark.parametrize(
    ("ended_in", "old", "former"),
    [
        ("decode", ["detect", "quality", "folds", "predictions"], ["detect", "quality", "train"]),
        ("detect", ["quality", "folds", "predictions"], ["quality", "train"]),
        ("aggregate", [], []),
    ],
)
def test_what_the_last_run_has_not_come_to_is_not_shown(
    mine: Path, before: list[str], ended_in: str, old: list[str], former: list[str]
):
    """`dvc repro` leaves there what the run before it has made."""
    indexed(mine, now=["a", "b"], **dict.fromkeys(old, before))
    said = told(mine)
    for stage in ("decode", "detect", "train"):
        assert (f"why_{stage}" in said) == (stage not in former), ended_in
    assert ("5 of 7 clips are used" in said) == ("quality" not in former)
    left_out = f"{', '.join(former)}: not shown, since made of other clips than data/clips.parquet"
    assert (left_out in said) == bool(former)


@pytest.mark.parametrize(("missing", "shown"), [("folds", False), ("predictions", True)])
def test_a_stage_that_failed_has_removed_what_it_made_before(mine: Path, missing: str, shown: bool):
    """Without folds the networks are of the run before; without predictions training has failed."""
    indexed(mine, now=["a", "b"])
    (mine / f"data/{missing}.parquet").unlink()
    assert ("why_train" in told(mine)) == shown
