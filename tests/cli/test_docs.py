"""Documents say what is so."""

import re

import yaml
from typer.testing import CliRunner

from duchenne.cli import docs
from duchenne.cli.main import app
from tests.rules.imports import ROOT


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_tables_page_is_made_from_the_code():
    assert text("docs/data.md") == docs.data(), "run `make docs`"


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.M))
    for page in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"`?make ([a-z]+)", text(page)))
        assert named <= targets | {"and"}, page


def test_every_duchenne_command_that_is_named_exists():
    found = re.findall(r"duchenne ((?:cache )?[a-z]+)(?=[ `\n])", text("README.md"))
    assert {"status", "doctor", "cache info"} <= set(found)
    for words in set(found):
        shown = CliRunner().invoke(app, [*words.split(), "--help"])
        assert shown.exit_code == 0, words


def test_every_parameter_that_the_readme_sets_exists():
    params = yaml.safe_load(text("params.yaml"))
    for name in re.findall(r"-S '?([a-z_.]+)=", text("README.md")):
        place = params
        for step in name.split("."):
            assert step in place, name
            place = place[step]


def test_every_published_set_is_described():
    sets = set(yaml.safe_load(text("params.yaml"))["datasets"]) - {"demo"}
    page = text("docs/datasets.md")
    for name in sets:
        rows = re.findall(rf"^\| `{name}` \|", page, re.MULTILINE)
        assert len(rows) == 2, f"{name}: what it is, and where it goes"


def test_tests_named_as_evidence_exist():
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", text("docs/decisions.md")):
        assert f"def {name}(" in tests, name
