"""Every `dvc exp run` line that is written down names parameters and values that there are."""

import re
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from duchenne.config import params
from duchenne.errors import ParamsError
from tests.rules.imports import ROOT

PAGES = ("README.md", *sorted(f"docs/{page.name}" for page in ROOT.glob("docs/*.md")))
SHIPPED = (ROOT / "params.yaml").read_text(encoding="utf-8")
FENCED = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
SWEEP = re.compile(r"(choice|range)\((.*)\)")


def lines(page: str) -> list[str]:
    """The commands between backticks, and those in blocks of code; `-S` alone is one, too."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = "\n".join(FENCED.findall(text))
    inline = re.findall(r"(?<!`)`([^`]+)`(?!`)", FENCED.sub("", text))
    every = [*blocks.splitlines(), *(" ".join(words.split()) for words in inline)]
    return [line for line in every if "dvc exp run" in line or line.startswith("-S ")]


def settings(line: str) -> dict[str, list[Any]]:
    """The parameters that a line sets, each with the values that it tries."""
    words = shlex.split(line, comments=True)
    given = [words[at + 1] for at, word in enumerate(words) if word in ("-S", "--set-param")]
    pairs = (setting.split("=", 1) for setting in given)
    return {name: list(values(text)) for name, text in pairs}


def values(text: str) -> Iterator[Any]:
    sweep = SWEEP.fullmatch(text)
    if sweep is None:
        yield yaml.safe_load(text)
    elif sweep[1] == "range":
        yield from range(*(int(number) for number in sweep[2].split(",")))
    else:
        yield from (yaml.safe_load(each) for each in sweep[2].split(","))


def load(folder: Path, changes: dict[str, Any]) -> params.Params:
    """params.yaml as dvc would change it; like dvc it takes no key that is not there."""
    whole = yaml.safe_load(SHIPPED)
    for name, value in changes.items():
        *steps, last = name.split(".")
        place = whole
        for step in steps:
            place = place[step]
        assert last in place, f"{name} is no parameter"
        place[last] = value
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(whole), encoding="utf-8")
    return params.load(path)


@pytest.mark.parametrize(("page", "line"), [(page, line) for page in PAGES for line in lines(page)])
def test_a_line_sets_parameters_that_exist_to_values_that_are_allowed(
    page: str, line: str, tmp_path: Path
):
    tried = settings(line)
    for combination in product(*tried.values()):
        load(tmp_path, dict(zip(tried, combination, strict=True)))


def test_there_are_lines_on_the_page_and_all_are_found():
    assert len(lines("docs/experiments.md")) >= 20
    tried = [settings(line) for line in lines("README.md")]
    assert {"fusion": ["none", "concat", "hadamard"]} in tried


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("dvc exp run -S fussion=hadamard", AssertionError),
        ("dvc exp run -S net.encodr=linear", AssertionError),
        ("dvc exp run -S ent.encoder=linear", KeyError),
        ("dvc exp run -S 'fusion=choice(none,hadamart)'", ParamsError),
        ("dvc exp run -S folds.within=female", ParamsError),
        ("dvc exp run -S dataset=uva_nemo", ParamsError),
    ],
)
def test_a_line_that_lies_is_found(line: str, error: type[Exception], tmp_path: Path):
    with pytest.raises(error):
        for combination in product(*settings(line).values()):
            load(tmp_path, dict(zip(settings(line), combination, strict=True)))
