"""The files that GitHub, editors, git's hooks and other projects look for say what is true.

They parse, they run nothing but make's targets and the tools that the project pins, and what
they name exists.
"""

import configparser
import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from duchenne import __version__
from tests.rules.imports import ROOT
from tests.rules.test_pages import FORMS, of_make

AUTOMATED = (
    *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(".github/workflows/*.y*ml")),
    ".devcontainer/devcontainer.json",
    ".pre-commit-config.yaml",
)
SYSTEM = r"sudo apt-get (update|install --yes --no-install-recommends [a-z0-9 .-]+)"
PINNED = r"[\w./-]+@(v\d+|[0-9a-f]{40})"
PAPERS = {"MeshSmileNet", "DeepMarkerNet", "HadaSmileNet", "DeXpression", "SCN"}


def read(name: str) -> Any:
    """A file of JSON or YAML; all values of YAML are texts: the key `on` would else be True."""
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        return json.loads(text)
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506  (it makes texts, lists and dicts alone)


# ---- What is run ---------------------------------------------------------------------------------
def commands(content: Any) -> Iterator[str]:
    """Each command, without `&&`, of a workflow, a container or git's hooks."""
    if isinstance(content, list):
        for part in content:
            yield from commands(part)
    elif isinstance(content, dict):
        for key, value in content.items():
            if isinstance(value, str) and (key in {"run", "entry"} or key.endswith("Command")):
                yield from (part.strip() for part in re.split(r"&&|\n", value) if part.strip())
            else:
                yield from commands(value)


def fault(command: str) -> str | None:
    """Why a command is not one of: make's targets, a pinned tool of .venv, system libraries."""
    words = command.split()
    if words[0] == "make" and len(words) > 1:
        return next(of_make(words[1:]), None)
    if words[0].startswith(".venv/bin/"):
        tool = words[0].removeprefix(".venv/bin/")
        return None if tool in tools() else f"{tool} is not installed by the extra `dev`"
    return None if re.fullmatch(SYSTEM, command) else f"neither make nor a tool of ours: {command}"


def tools() -> list[str]:
    names: list[str] = project()["optional-dependencies"]["dev"]
    return names


def project() -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    section: dict[str, Any] = content["project"]
    return section


def used(content: Any) -> Iterator[str]:
    """Each action of a workflow."""
    for job in content["jobs"].values():
        yield from (step["uses"] for step in job["steps"] if "uses" in step)


@pytest.mark.parametrize("name", AUTOMATED)
def test_machines_run_what_people_run(name: str):
    found = list(commands(read(name)))
    assert found
    assert [wrong for wrong in map(fault, found) if wrong] == []


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({"jobs": {"a": {"steps": [{"run": "make tset"}]}}}, "no target tset"),
        ({"steps": [{"run": "make lint\nmake test push"}]}, "no target push"),
        ({"postCreateCommand": "make lint && pip install x"},
         "neither make nor a tool of ours: pip install x"),
        ({"run": "make"}, "neither make nor a tool of ours: make"),
        ({"run": "sudo apt-get update; curl b"},
         "neither make nor a tool of ours: sudo apt-get update; curl b"),
        ({"hooks": [{"entry": ".venv/bin/black"}]}, "black is not installed by the extra `dev`"),
    ],
)  # fmt: skip
def test_what_only_a_machine_would_run_is_found(content: Any, wrong: str):
    assert [found for found in map(fault, commands(content)) if found] == [wrong]


@pytest.mark.parametrize("name", [name for name in AUTOMATED if "workflows" in name])
def test_a_workflow_may_only_read_and_its_actions_are_pinned(name: str):
    workflow = read(name)
    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in workflow["jobs"].values())
    assert [action for action in used(workflow) if not re.fullmatch(PINNED, action)] == []


def test_every_push_is_tested_on_every_python_that_is_allowed():
    workflow = read(".github/workflows/tests.yml")
    assert {"push", "pull_request"} <= set(workflow["on"])
    assert {"make lint", "make test"} <= set(commands(workflow))
    low, beyond = map(int, re.findall(r"3\.(\d+)", project()["requires-python"]))
    tested = workflow["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert tested == [f"3.{minor}" for minor in range(low, beyond)]


def test_hooks_of_git_download_nothing():
    for repo in read(".pre-commit-config.yaml")["repos"]:
        assert repo["repo"] == "local"
        assert {hook["language"] for hook in repo["hooks"]} == {"system"}


def test_dvc_reports_and_asks_nothing():
    """By itself it sends statistics and looks for newer versions."""
    config = configparser.ConfigParser()
    config.read_string("\n".join(map(str.strip, (ROOT / ".dvc/config").read_text().splitlines())))
    assert config["core"]["analytics"] == config["core"]["check_update"] == "false"


# ---- What others take from here ------------------------------------------------------------------
@pytest.mark.parametrize("name", [name for name in FORMS if name.endswith(".yml")])
def test_a_form_has_what_github_asks_for(name: str):
    form = read(name)
    assert {"name", "description", "body"} <= set(form)
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    names = [part["id"] for part in asked]
    assert len({*names}) == len(names) > 0
    assert all(part["attributes"]["label"] for part in asked)


def test_the_citation_is_of_this_version_and_names_the_papers():
    citation = read("CITATION.cff")
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= set(citation)
    assert citation["version"] == __version__
    references = citation["references"]
    assert {reference.get("abbreviation") for reference in references} >= PAPERS
    for reference in references:
        assert {"type", "title", "authors"} <= set(reference), reference
        assert "year" in reference or reference["type"] == "software", reference


def test_an_artifact_is_what_a_stage_makes():
    pipeline = read("dvc.yaml")
    made = {out for stage in pipeline["stages"].values() for out in stage["outs"]}
    artifacts = pipeline["artifacts"]
    assert {artifact["path"] for artifact in artifacts.values()} <= made
    assert {name: artifact["type"] for name, artifact in artifacts.items()} == {
        "models": "model",
        "demo": "dataset",
    }
    assert all(artifact["desc"] and artifact["labels"] for artifact in artifacts.values())
