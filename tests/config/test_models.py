"""What is declared of models and fusions, and what params.yaml may say of them."""

import subprocess
import sys
from dataclasses import replace
from pkgutil import resolve_name
from typing import get_args

import pytest
from torch import nn

from duchenne.config import training
from duchenne.config.datasets import PUBLISHED, published_settings
from duchenne.config.models import FUSIONS, MODELS, NEEDS, Declaration
from duchenne.config.params import Params
from duchenne.config.training import OF_ONE_MODEL, Training
from duchenne.nets.fusion.base import Fusion
from duchenne.nets.smilenet import SmileNet
from tests.make.fold_cases import settings
from tests.rules.imports import ROOT


@pytest.mark.parametrize(("key", "declared"), [("model", MODELS), ("fusion", FUSIONS)])
def test_params_may_name_what_is_declared_and_nothing_else(key, declared):
    for section in (Params, Training):
        assert get_args(section.model_fields[key].annotation) == tuple(declared)


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_what_is_declared_of_a_model_exists(model: Declaration):
    assert bool(model.network) is not model.needs.fitted
    if model.network:
        network = resolve_name(model.network)
        assert network == SmileNet.of if model.needs.fuses else issubclass(network, nn.Module)
    assert set(model.sections) <= set(Params.model_fields)
    assert bool(model.versions) is not model.needs.fuses, "fusions are the landmark network's rows"


def test_every_published_setting_has_a_source():
    for key, model, _, source in published_settings():
        assert source, f"{key} of {model}"


@pytest.mark.parametrize("model", ["mesh", "realsmilenet", "dexpression", "scn"])
def test_settings_of_a_release_neither_decay_weights_nor_clip(model: str):
    found = {**PUBLISHED["train"], **MODELS[model].published.get("train", {})}
    assert found["weight_decay"] == 0.0
    assert found["clip"] is None


@pytest.mark.parametrize("path", FUSIONS.values())
def test_a_fusion_says_from_which_paper_it_is(path: str):
    kind = resolve_name(path)
    assert issubclass(kind, Fusion)
    assert kind.paper


def test_checking_parameters_loads_no_torch():
    tell = "import sys, stages.check; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", tell], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("model", "sections"),
    [
        ("mesh", {"net", "multitask"}),
        ("vit", {"vit"}),
        ("svm", {"svm"}),
        ("dexpression", set()),
        ("majority", set()),
    ],
)
def test_training_reads_the_model_s_own_sections(model: str, sections: set[str]):
    found = settings(model=model)
    assert {name for name in OF_ONE_MODEL if getattr(found, name) is not None} == sections


def test_another_class_under_the_same_name_has_another_key(monkeypatch: pytest.MonkeyPatch):
    """The declarations are not among the code that a unit's key holds, so the classes must be."""
    keys = {settings(fusion="film").model_dump_json()}
    others = {**FUSIONS, "film": FUSIONS["film_hadamard"]}
    monkeypatch.setattr(training, "FUSIONS", others)
    keys.add(settings(fusion="film").model_dump_json())
    mesh = replace(MODELS["mesh"], network="duchenne.other:Net")
    monkeypatch.setattr(training, "MODELS", {**MODELS, "mesh": mesh})
    keys.add(settings(fusion="film").model_dump_json())
    assert len(keys) == 3


@pytest.mark.parametrize("model", [name for name, needs in NEEDS.items() if needs.chip])
def test_chips_are_grey_or_in_colour(model: str):
    chip = NEEDS[model].chip
    assert chip is not None
    assert chip.channels in {1, 3}
    assert 32 <= chip.side <= 256
