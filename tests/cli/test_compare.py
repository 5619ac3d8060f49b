"""`duchenne compare` and `duchenne history` on runs of a repository that are written by hand."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from duchenne.cli import compare, history
from duchenne.cli.compare import tables
from duchenne.cli.main import app
from duchenne.pipeline import revisions
from tests.make.runs import Repository


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    made = Repository(root)
    made.run("plain", skill=0.5)
    made.run("plain-1", skill=0.5, draw=1, seed=1)
    made.run("better", skill=2.0, draw=5, fusion="hadamard", kind="experiment")
    made.run("alike", skill=0.5, draw=7, model="svm", kind="tag")
    made.run("flattered", skill=1.5, draw=2, protocol="published", marks={"optimistic": 1})
    made.run("zeros", skill=1.0, draw=3, window__pad="zeros", marks={"padded": 1})
    made.run("fewer", skill=1.0, draw=4, model="vit", without=8)
    made.run("elsewhere", dataset="theirs", model="trees")
    made.run("other-folds", folds=5, model="rocket")
    made.run("single", folds=1, model="scn")
    made.run("single-too", folds=1, model="pstnet")
    made.run("timeless", draw=8, model="duration", lengths=False)
    made.run("lost", draw=9, model="majority")
    made.forget("data/predictions.parquet", "lost")
    return root


def told(root: Path, *words: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(root)
    return CliRunner().invoke(app, ["compare", *words])


def found(
    root: Path, *names: str, common: bool = False, by: str | None = None
) -> compare.Comparison:
    return compare.against(root, names, reference=None, common=common, by=by)


def test_a_better_run_is_better_and_an_equal_one_is_not(repository: Path):
    rows = {row.config.name: row for row in found(repository, "plain", "better", "alike").rows}
    better, alike = rows["better"], rows["alike"]
    for name in ("balanced_accuracy", "auc", "pairs_auc"):
        assert better.tests[name].low > 0.0, name
        assert better.adjusted[name] < 0.02
        assert alike.tests[name].low < 0.0 < alike.tests[name].high
        assert alike.adjusted[name] > 0.05
    assert (better.config.label, alike.config.label) == ("fusion=hadamard", "model=svm")
    assert not rows["plain"].tests


def test_seeds_are_one_configuration_whose_scores_are_averaged(repository: Path):
    both = found(repository, "plain*", "better").rows[0]
    each = [found(repository, name, "better").rows[0].values for name in ("plain", "plain-1")]
    assert both.config.name == "plain and 1 more"
    for name, value in both.values.items():
        assert value == pytest.approx((each[0][name] + each[1][name]) / 2)


def test_what_flatters_is_marked_not_ranked_and_its_gain_is_told(repository: Path):
    made = found(repository, "plain", "flattered", "zeros")
    rows = {row.config.name: row for row in made.rows}
    assert not rows["flattered"].tests
    assert rows["flattered"].config.marks == ["optimistic"]
    assert rows["zeros"].config.marks == ["padded"]
    assert rows["zeros"].tests
    said = " ".join(made.remarks)
    assert "the epoch chosen on test clips adds +0." in said
    assert "padding with zeros adds +0." in said
    assert "plain adds +0.100 (+0.020 to +0.200) AUC to what length alone tells" in said


def test_groups_are_compared_each_by_itself(repository: Path):
    rows = found(repository, "plain", "better", by="gender").rows
    assert [(row.group, row.config.name) for row in rows] == [
        ("female", "plain"), ("female", "better"), ("male", "plain"), ("male", "better"),
    ]  # fmt: skip
    assert {len(row.config.rows[0]) for row in rows} == {52, 28}


def test_clips_that_one_lacks_are_left_out_where_asked(repository: Path):
    made = found(repository, "plain", "fewer", common=True)
    assert {len(row.config.rows[0]) for row in made.rows} == {72}
    assert "compared on the 72 clips that all runs have; 8 left out" in made.remarks


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["plain", "fewer"], "8 of 80 clips are not in all runs (c000, c001"),
        (["plain", "elsewhere"], "elsewhere is of data set theirs, plain of mine"),
        (["plain", "other-folds"], "compare runs with the same folds.scheme, count and seed"),
        (["single", "single-too"], "there is a single fold, 1"),
        (["plain", "plain-1"], "differ by nothing but the seed"),
        (
            ["plain", "planed"],
            "'planed' is no experiment, branch, tag or commit; did you mean 'pla",
        ),
        (["plain", "nothing-*"], "'nothing-*' is no experiment"),
        (["plain", "lost"], "lost: data/predictions.parquet is neither in DVC's cache nor in a"),
        (["plain", "workspace"], "workspace: there is no data"),
        (["plain", "better", "--by", "age"], "there is no group 'age'; there are: gender"),
        (["plain", "better", "--plot", "x.pdf"], "x.pdf should end in .svg or .png"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    repository: Path, names: Sequence[str], says: str, monkeypatch: pytest.MonkeyPatch
):
    result = told(repository, *names, "--csv", "never.csv", monkeypatch=monkeypatch)
    assert result.exit_code == 2
    assert says in result.output.replace("\n", " "), result.output
    assert not (repository / "never.csv").exists()


def test_without_lengths_the_rest_is_compared_and_it_is_said(repository: Path):
    made = found(repository, "timeless", "better")
    assert "no clip has a length, so clips of equal length are not compared" in made.remarks
    assert set(made.rows[1].tests) == {"balanced_accuracy", "auc"}


def test_tables_and_the_plot_are_written(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    files = {kind: tmp_path / f"table.{kind}" for kind in ("csv", "markdown", "latex")}
    plot = tmp_path / "differences.svg"
    words = [word for kind, file in files.items() for word in (f"--{kind}", str(file))]
    result = told(repository, "plain", "better", *words, "--plot", str(plot),
                  monkeypatch=monkeypatch)  # fmt: skip
    assert result.exit_code == 0, result.output
    [plain, better] = csv.DictReader(io.StringIO(files["csv"].read_text()))
    assert (plain["balanced_accuracy_p"], better["settings"]) == ("", "fusion=hadamard")
    assert float(better["balanced_accuracy_p_holm"]) < 0.02
    assert "| mesh, hadamard |" in files["markdown"].read_text()
    assert r"mesh, hadamard & " in files["latex"].read_text()
    assert plot.read_text().startswith("<svg")
    assert "McNemar" in result.output


def test_what_a_name_brings_is_escaped():
    assert tables._escaped("a|b", "|") == r"a\|b"
    assert tables._escaped("50 % of a_b", "&%_#$") == r"50 \% of a\_b"


# ---- History -------------------------------------------------------------------------------------
def test_all_runs_are_listed_once_and_filtered(repository: Path):
    rows = history.runs(repository, dataset=None, model=None, since=None)
    kinds = {row["run"]: row["kind"] for row in rows}
    assert kinds["better"] == "experiment"
    assert kinds["alike"] == "tag"
    assert len(rows) == 13, "main is the last run's commit"
    assert {row["marks"] for row in rows} == {"", "optimistic", "padded"}
    [one] = history.runs(repository, dataset="theirs", model=None, since=None)
    assert (one["run"], one["length.gain_auc"], one["auc"]) == ("elsewhere", 0.1, "")
    assert len(history.runs(repository, dataset=None, model="svm", since=None)) == 1
    assert history.as_csv(rows).count("\n") == 14
    assert history.table(rows).row_count == 13


def test_dvc_s_own_references_are_no_runs(repository: Path):
    names = {each.name for each in revisions.known(repository)}
    assert "better" in names
    lines = ["refs/exps/celery/stash\tabc\t\t1", "refs/exps/exec/EXEC_HEAD\tabc\t\t1"]
    assert not list(revisions._revisions(lines))
