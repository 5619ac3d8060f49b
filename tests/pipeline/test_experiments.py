"""What the user came for: experiments that rerun no more than they must, and figures that hold."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.flatten import flatten

from duchenne.evaluation.summary import HEADLINE, headline
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.predictions import PREDICTIONS
from tests.make.workspace import Workspace
from tests.pipeline.conftest import copied
from tests.pipeline.test_repro import ran, restore, results_of, wait_for
from tests.rules.imports import ROOT

SCREEN = 160  # columns


@pytest.fixture(scope="module")
def finished(first_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copied(first_run, tmp_path_factory.mktemp("project"))


def summary(workspace: Workspace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((workspace.root / "metrics/summary.json").read_text())
    return found


def test_an_experiment_trains_again_and_nothing_before_it(finished: Workspace):
    """Another fusion, another seed, and back from the run cache."""
    plain = results_of(finished.root)
    there = finished.dvc("exp", "run", "-S", "fusion=hadamard")
    assert ran(there.stdout) == ["check", "train", "aggregate"], there.stdout
    told = finished.dvc("metrics", "diff", "--all").stdout  # one of so few clips may stay the same
    assert re.search(r"summary\.json +balanced_accuracy +\d", told)
    assert re.search(r"run\.fusion +none +hadamard", told)
    seeded = finished.dvc("exp", "run", "-S", "fusion=none", "-S", "seed=1")
    assert ran(seeded.stdout) == ["check", "train", "aggregate"], seeded.stdout
    back = finished.dvc("exp", "run", "-S", "seed=0")
    assert ran(back.stdout) == ["check"], "the rest comes out of the run cache"
    assert results_of(finished.root) == plain
    restore(finished)


def side_by_side() -> list[str]:
    """The words with which README.md shows experiments side by side, without `dvc`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if line.startswith("dvc exp show"))
    return shlex.split(line, comments=True)[1:]


def test_no_parameter_is_left_out_where_experiments_stand_side_by_side():
    words = side_by_side()
    left_out = re.compile(words[words.index("--drop") + 1])
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    names = list(flatten(params))
    assert "folds.within" in names
    assert not [name for name in names if left_out.match(name)]
    assert not [name for name in HEADLINE if name in names], "DVC would write a path before both"


def test_the_way_back_that_the_readme_names(finished: Workspace):
    """`dvc repro` stages dvc.lock, so that to restore the working tree alone is not enough."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if "# back to where you were" in line)
    plain = results_of(finished.root)
    finished.set(fusion="hadamard")
    assert finished.dvc("repro").returncode == 0
    assert "dvc.lock" in finished.run("git", "diff", "--cached", "--name-only").stdout
    back = finished.run("bash", "-c", line)
    seen, kept = finished.run("git", "status", "--porcelain").stdout, results_of(finished.root)
    restore(finished)
    assert (back.returncode, seen) == (0, ""), back.stdout
    assert kept == plain


def test_what_a_data_set_says_can_be_overruled(finished: Workspace):
    done = finished.dvc("exp", "run", "-S", "train.epochs=1")
    history = (finished.root / "data/history.csv").read_text().splitlines()
    restore(finished)
    assert ran(done.stdout) == ["check", "train", "aggregate"]
    assert len(history) == 1 + 2 * 1, "one epoch in each of two folds"


@pytest.mark.parametrize(
    ("key", "reruns"),
    [("mesh.augment.mirror=0.25", ["check", "train", "aggregate"]), ("vit.vit.depth=3", ["check"])],
)
def test_what_a_data_set_says_reruns_the_stages_it_is_said_of(
    finished: Workspace, key: str, reruns: list[str]
):
    done = finished.dvc("exp", "run", "-S", f"datasets.demo.auto_for.{key}")
    restore(finished)
    assert (done.returncode, ran(done.stdout)) == (0, reruns), done.stdout


def test_a_queue_of_fusions_runs_in_a_clone(finished: Workspace, tmp_path: Path):
    fusions = "none,multitask,concat,hadamard,film"
    clone = Workspace(tmp_path / "clone")
    finished.run("git", "clone", "-q", str(finished.root), str(clone.root))
    cached = finished.root / ".dvc/cache"
    assert clone.dvc("cache", "dir", str(cached), "--local").returncode == 0
    env = {"DUCHENNE_CACHE": str(finished.root / "cache")}
    queued = clone.dvc("exp", "run", "--queue", "-S", f"fusion=choice({fusions})", **env)
    assert queued.returncode == 0, queued.stdout
    run_all(clone, **env)
    shown = clone.dvc("exp", "show", "--json")
    rows = json.loads(shown.stdout)
    found = [exp for row in rows for exp in row["experiments"] or []]
    assert len(found) == 5
    for experiment in found:
        data = experiment["revs"][0]["data"]
        assert "balanced_accuracy" in data["metrics"]["metrics/summary.json"]["data"]
    table = clone.dvc(*side_by_side(), "--no-pager", COLUMNS="1000").stdout.splitlines()
    heads = next(line for line in table if "Experiment" in line).split()
    assert heads[:3] == ["Experiment", "balanced_accuracy", "ci_low"]
    assert heads[-1] == "fusion"
    assert max(len(line.rstrip()) for line in table) <= SCREEN


def run_all(workspace: Workspace, **env: str) -> None:
    """As docs/experiments.md says: where DVC's worker has died, the same again."""
    for _ in range(3):
        try:
            done = workspace.dvc("exp", "run", "--run-all", **env)
        except subprocess.TimeoutExpired:
            status = workspace.dvc("queue", "status").stdout
            assert "0 active, 0 idle" in status, f"{status}{worker_log(workspace)}"
        else:
            assert done.returncode == 0, f"{done.stdout}{worker_log(workspace)}"
            return
    pytest.fail(f"its worker died three times: {worker_log(workspace)}")


def worker_log(workspace: Workspace) -> str:
    """What DVC's worker wrote, in which a queue that stood still has its reason."""
    logs = sorted((workspace.root / ".dvc/tmp/exps/celery").glob("*.out"))
    return "\n".join(log.read_text(errors="replace")[-5_000:] for log in logs)


def test_plots_are_drawn(finished: Workspace, tmp_path: Path):
    done = finished.dvc("plots", "show", "-o", str(tmp_path / "plots"))
    assert done.returncode == 0, done.stdout
    page = (tmp_path / "plots/index.html").read_text()
    titles = ("Mean smile of each class", "Some Duchenne Markers", "ROC of all test clips",
              "All test clips", "Calibration", "Loss by fold",
              "Balanced accuracy by fold")  # fmt: skip
    for title in titles:
        assert title in page
    assert "<DVC_METRIC" not in page, "every anchor is filled"


def test_each_clip_is_tested_once_and_the_audit_says_so(finished: Workspace):
    rows = parquet.read(PREDICTIONS, finished.root / "data/predictions.parquet").to_pylist()
    assert sorted(row["clip"] for row in rows if row["role"] == "test") == sorted(
        row["clip"] for row in parquet.read(CLIPS, finished.root / "data/clips.parquet")
        .to_pylist()
    )  # fmt: skip
    assert {row["gender"] for row in rows} <= {"female", "male"}
    assert {row["age_group"] for row in rows} == {"young", "adult"}
    proof = json.loads((finished.root / "data/reports/audit.json").read_text())
    assert (proof["verdict"], proof["epoch_chosen_on"]) == (True, "val")
    assert "optimistic" not in summary(finished)


def test_metrics_are_a_selection_of_all_scores(finished: Workspace):
    scores = json.loads((finished.root / "data/reports/scores.json").read_text())
    assert summary(finished) == headline(scores)
    assert scores["groups"]["gender"]["female"]["clips"] > 0
    assert scores["parameters"] > 0


def test_the_published_protocol_is_marked_wherever_it_shows(finished: Workspace):
    done = finished.dvc("exp", "run", "-S", "protocol=published")
    found = summary(finished)
    proof = json.loads((finished.root / "data/reports/audit.json").read_text())
    facts = json.loads((finished.root / "models/folds/1/model.json").read_text())
    restore(finished)
    assert done.returncode == 0, done.stdout
    assert (found["optimistic"], found["run"]["protocol"]) == (1, "published")
    assert (proof["optimistic"], proof["epoch_chosen_on"]) == (True, "test")
    assert facts["optimistic"] is True


def test_a_fold_too_few_is_an_error(finished: Workspace):
    shutil.rmtree(finished.root / "models/folds/2")
    done = finished.stage("aggregate")
    restore(finished)
    assert done.returncode == 1
    assert "holds the folds 1, and the split has 1, 2" in done.stdout


def test_more_folds_than_people_is_an_error_with_a_cure(finished: Workspace):
    finished.set(folds__count=9)
    done = finished.stage("folds")
    restore(finished)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert "4 subjects" in done.stdout


def test_killed_training_goes_on_with_the_same_result(
    finished: Workspace, first_run: Path, tmp_path: Path
):
    """Finished folds are not trained again, and the figures are those of an undisturbed run."""
    workspace = copied(first_run, tmp_path)
    env = {"DUCHENNE_CACHE": str(tmp_path / "cache"), "DUCHENNE_WORKERS": "1"}
    shutil.rmtree(tmp_path / "cache/units/train")
    with subprocess.Popen(
        [sys.executable, "-m", "stages.train"],
        cwd=tmp_path,
        env={**os.environ, **workspace.env, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as train:
        wait_for(lambda: bool(list((tmp_path / "cache/units").glob("train/*/*/entry.json"))))
        train.kill()
    done = workspace.dvc("repro", "--force", "--single-item", "train", **env)
    assert done.returncode == 0, done.stdout
    assert "1 cached" in [line for line in done.stdout.splitlines() if "train 2/2" in line][-1]
    assert results_of(tmp_path) == results_of(finished.root)
