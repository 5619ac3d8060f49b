"""What a stage's parameters come to, which is all that DVC sees of what a data set says of them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from duchenne.config import params, resolved
from duchenne.config.params import Params
from duchenne.errors import StageError
from tests.rules.imports import ROOT


def shipped(folder: Path, change: Any = lambda values: None) -> Params:
    values = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    change(values)
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return params.load(path)


def test_auto_is_what_data_set_and_model_say(tmp_path: Path):
    found = resolved.settled(shipped(tmp_path), ["folds", "train", "quality.max_failed"])
    assert (found["folds"]["count"], found["train"]["epochs"]) == (4, 8)
    assert found["quality.max_failed"] == 0.1, "no set says otherwise, so the published value"


def test_with_the_data_set_goes_what_it_says_of_itself(tmp_path: Path):
    found = resolved.settled(shipped(tmp_path), ["dataset", "decode"])
    own = {"adapter": "demo", "seed": 0, "subjects": 28, "clips_per_subject": 4, "size": 256}
    assert found[resolved.OWN] == own
    assert resolved.OWN not in resolved.settled(shipped(tmp_path), ["decode"])


def test_what_is_said_of_another_stage_or_model_changes_nothing(tmp_path: Path):
    def change(values: Any) -> None:
        values["datasets"]["demo"]["auto_for"]["mesh"]["train"]["epochs"] = 2
        values["datasets"]["demo"]["auto_for"]["vit"]["vit"]["depth"] = 3

    before, after = shipped(tmp_path), shipped(tmp_path, change)
    for names in (["dataset", "decode"], ["folds"], ["vit"], ["window", "net"]):
        assert resolved.settled(after, names) == resolved.settled(before, names)
    assert resolved.settled(after, ["train"]) != resolved.settled(before, ["train"])


def test_a_run_lists_its_settings_beside_the_published_ones_and_their_sources(tmp_path: Path):
    def as_published(values: Any) -> None:
        values["datasets"]["demo"] |= {"auto": {}, "auto_for": {}}

    found = resolved.beside_published(shipped(tmp_path, as_published))
    assert found["train.weight_decay"]["value"] == 0.0
    assert found["net.curves"]["value"] == 100
    assert all(row["source"] and "published" not in row for row in found.values())
    assert not {name for name in found if name.startswith(("vit.", "scn."))}, "of other models"
    demo = resolved.beside_published(shipped(tmp_path))
    assert (demo["train.epochs"]["value"], demo["train.epochs"]["published"]) == (8, 300)


def test_a_parameter_that_is_none_is_named(tmp_path: Path):
    with pytest.raises(StageError, match=r"dvc\.yaml: there is no parameter quality\.max_faild"):
        resolved.settled(shipped(tmp_path), ["quality.max_faild"])
    with pytest.raises(StageError, match=r"no parameter seed\.more"):
        resolved.settled(shipped(tmp_path), ["seed.more"])


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ({"folds": {"count": 5}}, r"folds has changed since `check` looked at params\.yaml"),
        ({}, r"other parameters of folds than .* `dvc repro --force check` settles them"),
        ({"folds": {"count": 4}, "within": None}, "other parameters of folds"),
    ],
)
def test_under_dvc_other_parameters_are_refused(tmp_path: Path, monkeypatch, now: Any, says: str):
    (tmp_path / "folds.json").write_text(json.dumps({"folds": {"count": 4}}))
    resolved.check(tmp_path, "folds", now)  # by hand, where nothing is remembered
    monkeypatch.setenv("DVC_STAGE", "folds")
    resolved.check(tmp_path, "folds", {"folds": {"count": 4}})
    resolved.check(tmp_path, "train", now)  # of which nothing is written
    with pytest.raises(StageError, match=says):
        resolved.check(tmp_path, "folds", now)
