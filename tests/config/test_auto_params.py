"""Keys that are `auto`: the data set's value, else the published one, and never an explicit one."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from duchenne.config import params
from duchenne.config.datasets import OF_TRAINING, PUBLISHED
from duchenne.config.models import MODELS
from duchenne.config.params import Params
from duchenne.errors import ParamsError
from tests.rules.imports import ROOT

SHIPPED = (ROOT / "params.yaml").read_text(encoding="utf-8")
KEYS = [(section, key) for section, keys in PUBLISHED.items() for key in keys]


def load(folder: Path, *, demo: Any = None, models: Any = None, **changes: Any) -> Params:
    """The shipped file with another `auto:` of the demo, and only these `auto_for:`;
    `train__epochs=2` as with -S."""
    values = yaml.safe_load(SHIPPED)
    values["datasets"]["mine"] = {"adapter": "folder"}
    if demo is not None:
        values["datasets"]["demo"] |= {"auto": demo, "auto_for": models or {}}
    for name, value in changes.items():
        section, _, key = name.partition("__")
        if key:
            values[section][key] = value
        else:
            values[section] = value
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return params.load(path)


def value(found: Params, section: str, key: str) -> Any:
    return getattr(getattr(found, section), key)


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_key_is_auto_as_shipped_and_names_its_published_value(section, key, tmp_path: Path):
    """The comment beside `auto` begins with the value that holds where no set says otherwise."""
    published = PUBLISHED[section][key]
    assert yaml.safe_load(SHIPPED)[section][key] == "auto"
    assert value(load(tmp_path, demo={}), section, key) == published
    [part] = re.findall(rf"^{section}:\n((?:  .*\n|\n)+)", SHIPPED, re.MULTILINE)
    [comment] = re.findall(rf"^  {key}: auto +# (\S+)", part, re.MULTILINE)
    said = comment.rstrip(";:,")
    assert said == published if isinstance(published, str) else yaml.safe_load(said) == published


@pytest.mark.parametrize(
    ("section", "key", "other"),
    [
        ("folds", "scheme", "leave-one-subject-out"),
        ("folds", "count", 3),
        ("net", "points", "features"),
        ("net", "latents", 5),
        ("window", "test", 7),
        ("train", "lr", 0.25),
        ("train", "epochs", 9),
    ],
)
def test_the_chosen_data_set_says(section, key, other, tmp_path: Path):
    says = {section: {key: other}}
    assert value(load(tmp_path, demo=says), section, key) == other
    elsewhere = load(tmp_path, demo=says, dataset="mine")
    assert value(elsewhere, section, key) == PUBLISHED[section][key], "another set says nothing"


@pytest.mark.parametrize(
    ("dataset", "scheme", "count"),
    [
        ("uva-nemo", "stratified", 10),
        ("bbc", "stratified", 10),
        ("mmi", "stratified", 9),
        ("spos", "leave-one-subject-out", 10),
        ("ckplus", "stratified", 5),
        ("fer2013", "published", 10),
    ],
)
def test_published_sets_are_split_as_their_papers_do(dataset, scheme, count, tmp_path: Path):
    """The count is that of `stratified`, and means nothing to the others."""
    folds = load(tmp_path, dataset=dataset).folds
    assert (folds.scheme, folds.count) == (scheme, count)


@pytest.mark.parametrize(
    ("model", "models", "epochs"),
    [
        ("mesh", {}, 7),
        ("mesh", {"mesh": {"train": {"epochs": 4}}}, 4),
        ("vit", {"mesh": {"train": {"epochs": 4}}}, 7),
        ("dexpression", {}, 7),
    ],
)
def test_a_set_may_say_more_of_one_model(model, models, epochs, tmp_path: Path):
    found = load(tmp_path, demo={"train": {"epochs": 7}}, models=models, model=model)
    assert found.train.epochs == epochs
    assert load(tmp_path, demo={}, models=models, model=model, train__epochs=2).train.epochs == 2


@pytest.mark.parametrize("model", MODELS)
def test_where_no_set_says_otherwise_the_model_s_own_published_value_holds(model, tmp_path: Path):
    found = load(tmp_path, dataset="mine", model=model)
    of_model = MODELS[model].published
    for section, key in KEYS:
        wanted = of_model.get(section, {}).get(key, PUBLISHED[section][key])
        assert value(found, section, key) == wanted, (section, key)


def test_models_differ_in_what_training_reads_alone():
    """Else another model would run the stages before it again."""
    for model in MODELS.values():
        assert set(model.published) <= set(OF_TRAINING)
        for section, keys in model.published.items():
            assert set(keys) <= set(PUBLISHED[section])


@pytest.mark.parametrize("dataset", ["demo", "mine"])
def test_an_explicit_value_wins(dataset, tmp_path: Path):
    found = load(
        tmp_path, demo={"train": {"epochs": 9, "batch": 3}}, dataset=dataset, train__epochs=2
    )
    assert found.train.epochs == 2
    assert found.train.batch == (3 if dataset == "demo" else 16), "its neighbours stay auto"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param(
            {"demo": {"train": {"epoch": 4}}},
            r"s\.demo\.auto: 'train\.epoch' cannot be auto; did you mean 'train\.epochs'\?"
            r" Allowed: .*window\.test\.$",
            id="a misspelt key of a set",
        ),
        pytest.param(
            {"demo": {"trian": {"epochs": 4}}},
            r"'trian\.epochs' cannot be auto; did you mean 'train\.epochs'\?",
            id="a misspelt section of a set",
        ),
        pytest.param(
            {"demo": {"net": {"heads": 4}}},
            r"'net\.heads' cannot be auto; .*Allowed: augment\.brightness, .*folds\.count, folds",
            id="a key that may not be auto, in a set",
        ),
        pytest.param(
            {"net__heads": "auto"},
            r"net\.heads: it should be a valid integer, not 'auto'",
            id="a key that may not be auto",
        ),
        pytest.param(
            {"seed": "auto"}, r"seed: it should be a valid integer, not 'auto'", id="a lone key"
        ),
        pytest.param(
            {"demo": {"train": {"epochs": 0}}},
            r"train\.epochs: it should be greater than or equal to 1, not 0",
            id="a value beyond its limits",
        ),
        pytest.param(
            {"demo": {"train": {"epochs": "many"}}},
            r"train\.epochs: it should be a valid integer, not 'many'",
            id="a value of another kind",
        ),
        pytest.param(
            {"demo": {"train": 4}},
            r"datasets\.demo\.auto\.train: .* dictionary, not 4",
            id="no section",
        ),
        pytest.param({"demo": 4}, r"datasets\.demo\.auto: .* dictionary, not 4", id="no sections"),
        pytest.param(
            {"demo": {}, "models": {"vti": {}}},
            r"datasets\.demo\.auto_for: 'vti' is no model; did you mean 'vit'\?",
            id="a model that is none",
        ),
        pytest.param(
            {"demo": {}, "models": {"vit": {"detect": {"min_score": 0.5}}}},
            r"auto_for: 'detect\.min_score' cannot be auto; .*Allowed: augment",
            id="a section that stages before training read",
        ),
        pytest.param({"train": "auto"}, r"train: it should be a valid dict", id="a whole section"),
        pytest.param(
            {"train__epochs": "Auto"}, r"train\.epochs: .* integer, not 'Auto'", id="capitals"
        ),
    ],
)
def test_what_cannot_be_auto_is_named(changes, says, tmp_path: Path):
    with pytest.raises(ParamsError, match=says):
        load(tmp_path, **changes)


def test_a_data_set_that_is_not_described_is_named_and_not_its_keys(tmp_path: Path):
    with pytest.raises(ParamsError, match=r"'dmeo' is not described .* did you mean 'demo'\?"):
        load(tmp_path, dataset="dmeo")
