from typing import get_args

from duchenne import training_params
from duchenne.needs import NEEDS
from duchenne.nets import catalogue, realsmilenet
from duchenne.nets.settings import Settings
from duchenne.nets.smilenet import SmileNet
from tests.imports import ROOT


def test_every_choice_of_params_has_a_row_and_nothing_else_has():
    found = [(entry.model, entry.variant) for entry in catalogue.rows()]
    mesh = [("mesh", name) for name in get_args(training_params.Fusion)]
    assert found[: len(mesh)] == mesh
    assert {model for model, _ in found} == set(get_args(training_params.Model)) == set(NEEDS)
    memories = [f"memory: {name}" for name in get_args(realsmilenet.Memory)]
    assert [variant for model, variant in found if model == "realsmilenet"] == memories


def test_sizes_are_those_of_networks_that_are_built():
    sizes = {entry.variant: entry.parameters for entry in catalogue.rows()}
    for name in ("none", "film"):
        built = SmileNet(Settings(fusion=name))
        assert sizes[name] == sum(values.numel() for values in built.parameters())
    assert sizes["none"] == 4_896_337


def test_another_size_than_the_published_one_is_explained():
    assert all(entry.ours for entry in catalogue.rows() if entry.parameters != entry.published)


def test_who_needs_which_inputs():
    needs = {
        entry.variant: (entry.training, entry.inference)
        for entry in catalogue.rows()
        if entry.model == "mesh"
    }
    both = "landmarks, D-Markers"
    assert needs.pop("none") == ("landmarks", "landmarks")
    assert needs.pop("multitask") == (both, "landmarks")
    assert set(needs.values()) == {(both, both)}


def test_the_models_page_is_made_from_the_code():
    page = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    assert page == catalogue.document(), "run `make docs`"
    assert "| mesh | none | 4,896,337 | 4,896,337 | landmarks | landmarks | MeshSmileNet |" in page
    assert "143,184" in page
