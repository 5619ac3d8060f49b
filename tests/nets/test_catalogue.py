from typing import get_args

from typer.testing import CliRunner

from duchenne.cli import docs
from duchenne.cli.main import app
from duchenne.config import training
from duchenne.nets import catalogue, realsmilenet
from duchenne.nets.settings import MeshSettings
from duchenne.nets.smilenet import SmileNet
from tests.rules.imports import ROOT


def test_every_choice_of_params_has_a_row_and_nothing_else_has():
    found = [(entry.model, entry.variant) for entry in catalogue.rows()]
    mesh = [("mesh", name) for name in get_args(training.Fusion)]
    assert found[: len(mesh)] == mesh
    assert list(dict.fromkeys(model for model, _ in found)) == list(get_args(training.Model))
    memories = [f"memory: {name}" for name in get_args(realsmilenet.Memory)]
    assert [variant for model, variant in found if model == "realsmilenet"] == memories


def test_sizes_are_those_of_networks_that_are_built():
    sizes = {entry.variant: entry.parameters for entry in catalogue.rows()}
    for name in ("none", "film"):
        built = SmileNet(MeshSettings(fusion=name))
        assert sizes[name] == sum(values.numel() for values in built.parameters())
    assert sizes["none"] == 4_896_337


def test_another_size_than_the_published_one_is_explained():
    assert all(entry.differs for entry in catalogue.rows() if entry.parameters != entry.published)


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
    assert page == docs.models(), "run `make docs`"
    assert "| mesh | none | 4,896,337 | 4,896,337 | landmarks | landmarks | MeshSmileNet |" in page
    assert "143,184" in page


def test_every_name_can_be_read_in_a_narrow_terminal():
    shown = CliRunner().invoke(app, ["models"], env={"COLUMNS": "80"})
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert max(len(line) for line in lines) <= 80
    for entry in catalogue.rows():
        name = f"{entry.model} {entry.variant}".rstrip()
        assert any(line.strip().startswith(f"{name} ") for line in lines), name
