"""Sweeps: what is planned, what is skipped, and a whole one of two experiments."""

import subprocess
from pathlib import Path

import pytest

from duchenne.errors import ParamsError
from tests.rules.imports import ROOT
from tools import sweep


def write(folder: Path, text: str) -> Path:
    (folder / "mine.yaml").write_text(text)
    return folder / "mine.yaml"


def test_each_combination_is_an_experiment(tmp_path: Path):
    path = write(tmp_path, "set: {model: mesh}\nvary: {fusion: [none, film], seed: [0, 1]}\n")
    name, every = sweep.plan(path)
    assert name == "mine"
    assert [(e["model"], e["fusion"], e["seed"]) for e in every] == [
        ("mesh", "none", "0"), ("mesh", "none", "1"), ("mesh", "film", "0"), ("mesh", "film", "1"),
    ]  # fmt: skip
    assert sweep.called(name, every[-1]) == "mine-mesh-film-1"
    assert sweep.called("x", {"folds.within": "gender:female"}) == "x-gender-female"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("vary: {}\n", "keys name and vary"),
        ("- a\n", "keys name and vary"),
        ("vary: {seed: 1}\n", "vary: seed should be a list"),
        ("name: a b\nvary: {seed: [1]}\n", "'a b' should be of letters"),
        ("vary: {seed: [1]}\nother: 1\n", "keys name and vary"),
    ],
)
def test_a_file_that_is_no_sweep_is_one_line(text: str, says: str, tmp_path: Path, capsys):
    path = write(tmp_path, text)
    with pytest.raises(ParamsError, match=says):
        sweep.plan(path)
    assert sweep.main([str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert sweep.main([str(tmp_path / "nowhere.yaml")]) == 2
    assert sweep.main([]) == 2


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs/sweeps").glob("*.yaml")), ids=lambda p: p.stem
)
def test_the_sweeps_of_the_docs_can_be_planned(path: Path):
    _, every = sweep.plan(path)
    assert len({sweep.called("x", settings) for settings in every}) == len(every) > 1


def test_what_was_run_is_not_run_again_and_a_failure_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    """With a stand-in for dvc: it marks an experiment as DVC does, and fails with one setting."""
    monkeypatch.chdir(tmp_path)
    real, ran = subprocess.run, []

    def stand_in(words, **options):
        if "dvc" not in words and "duchenne.cli.main" not in words:
            return real(words, **options)
        ran.append(words[words.index("-m") + 1 :])
        if "exp" in words and "seed=2" not in words:
            head = real(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
            sha = head.stdout.strip()
            ref = f"refs/exps/{sha[:2]}/{sha[2:]}/{words[words.index('-n') + 1]}"
            real(["git", "update-ref", ref, "HEAD"], check=True)
        return subprocess.CompletedProcess(words, int("seed=2" in words))

    real(["git", "init", "-q"], check=True)
    real(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x",
          "--allow-empty"], check=True)  # fmt: skip
    monkeypatch.setattr(subprocess, "run", stand_in)
    path = write(tmp_path, "vary: {seed: [1, 2, 3]}\n")
    assert sweep.main([str(path)]) == 1
    assert [words[-1] for words in ran] == ["seed=1", "seed=2", "seed=3", "mine-*"]
    assert "failed: mine-2; the others are compared" in capsys.readouterr().out
    ran.clear()
    assert sweep.main([str(path)]) == 1
    assert [words[-1] for words in ran] == ["seed=2", "mine-*"]
