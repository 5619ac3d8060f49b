"""Every path, command, module and test that a page names exists."""

import importlib.util
import pkgutil
import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from dvc.cli import DvcParserError
from dvc.cli.parser import get_main_parser
from typer.main import get_command

from duchenne.cli.main import app
from tests.rules.imports import ROOT
from tests.rules.test_floors import FLOORS, PURE

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *sorted(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")),
)
FORMS = (
    ".github/pull_request_template.md",
    *sorted(f".github/ISSUE_TEMPLATE/{p.name}" for p in ROOT.glob(".github/ISSUE_TEMPLATE/*.yml")),
)
SHORT = ("README.md", "docs/architecture.md", "docs/benchmarks.md", "docs/usage.md")
LINES = 150

FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
FOLDERS = r"(?:\.ci|\.dvc|\.github|bench|data|docs|metrics|models|src|stages|tests|tools)"
TOP = (
    r"(?:[A-Z]{2,}\.(?:md|cff)|(?:params|dvc|engine)\.yaml|\w+\.toml|dvc\.lock|requirements\.lock)"
)
PATH = re.compile(rf"(?<![\w./~:-])(?:{FOLDERS}/[\w./<>*-]*[\w>*]|{TOP})")
PLACEHOLDER = re.compile(r"<\w+>")
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def faults(page: str) -> list[str]:
    """What a page's text names and what does not exist."""
    wrong = [*paths(page), *modules(page), *named_tests(page)]
    for words in commands(page):
        wrong += [f"{shlex.join(words)}: {fault}" for fault in CHECKS[words[0]](words[1:])]
    return wrong


# ---- Paths, modules, tests -----------------------------------------------------------------------
def paths(page: str) -> Iterator[str]:
    return (path for path in sorted(set(PATH.findall(page))) if not exists(path))


def exists(path: str) -> bool:
    """A file of the repository, an output of dvc.yaml or a part of one, or a data set's folder.

    `<name>` stands for any name.
    """
    if any(ROOT.glob(PLACEHOLDER.sub("*", path))):
        return True
    return any(re.match(f"{made}(/|$)", PLACEHOLDER.sub("X", path)) for made in outputs())


@cache
def outputs() -> list[str]:
    """Patterns of what the pipeline makes; X is a placeholder of the page."""
    made = [r"data/raw(/(\w|-|<)+)?", r"data/status/X\.parquet"]
    for stage in yaml.safe_load(text("dvc.yaml"))["stages"].values():
        made += [re.escape(out if isinstance(out, str) else next(iter(out)))
                 for out in [*stage.get("outs", ()), *stage.get("metrics", ())]]  # fmt: skip
    return made


def modules(page: str) -> Iterator[str]:
    for name in sorted(set(re.findall(r"\bduchenne(?:\.\w+)+", page))):
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError):
            yield name


def named_tests(page: str) -> Iterator[str]:
    names = sorted(set(re.findall(r"`(test_\w+)`", page)))
    return (name for name in names if f"def {name}(" not in all_tests())


@cache
def all_tests() -> str:
    return "".join(path.read_text("utf-8") for path in sorted(ROOT.glob("tests/**/test_*.py")))


# ---- Commands ------------------------------------------------------------------------------------
def commands(page: str) -> Iterator[list[str]]:
    """The words of each command between backticks and in blocks of shell, that we can check."""
    blocks = [line for kind, block in FENCED.findall(page) if kind == "sh"
              for line in block.splitlines()]  # fmt: skip
    spans = [" ".join(span.split()) for span in SPAN.findall(FENCED.sub("", page))]
    for line in [*blocks, *spans]:
        for part in re.split(r"&&|;", line):
            words = part.split()
            while words and (words[0] == "exec" or ASSIGNMENT.fullmatch(words[0])):
                words = words[1:]
            if len(words) > 1 and words[0] in CHECKS:
                yield shlex.split(" ".join(words), comments=True)


def of_make(words: list[str]) -> Iterator[str]:
    targets = re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE)
    return (f"no target {word}" for word in words if word not in targets)


def of_dvc(words: list[str]) -> Iterator[str]:
    """By DVC's own parser; stages and artifacts by dvc.yaml."""
    try:
        given = get_main_parser().parse_args(words)
    except DvcParserError as error:
        yield f"DVC: {error}"
        return
    if given.cmd == "repro":
        stages = yaml.safe_load(text("dvc.yaml"))["stages"]
        yield from (f"no stage {name}" for name in given.targets if name not in stages)
    if words[0] == "artifacts" and given.name not in yaml.safe_load(text("dvc.yaml"))["artifacts"]:
        yield f"no artifact {given.name}"


def of_duchenne(words: list[str]) -> Iterator[str]:
    command: Any = get_command(app)
    while words and hasattr(command, "commands"):
        name, words = words[0], words[1:]
        if name not in command.commands:
            yield f"no command {name}"
            return
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts}
    yield from (f"no option {w}" for w in words if w.startswith("--") and w not in known)


def of_python(words: list[str]) -> Iterator[str]:
    name = words[1] if words[0] == "-m" else ""
    if name and not PLACEHOLDER.search(name) and importlib.util.find_spec(name) is None:
        yield f"no module {name}"


CHECKS = {"make": of_make, "dvc": of_dvc, "duchenne": of_duchenne, "python": of_python}


# ---- Tests ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", [*PAGES, *FORMS])
def test_what_a_page_names_exists(page: str):
    assert faults(text(page)) == []


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("see docs/dta.md", "docs/dta.md"),
        ("`stages/decod.py`", "stages/decod.py"),
        ("`src/duchenne/<name>/decoding.py`", "src/duchenne/<name>/decoding.py"),
        ("`data/frame/<clip>.parquet`", "data/frame/<clip>.parquet"),
        ("READM.md", "READM.md"),
        ("CITATON.cff", "CITATON.cff"),
        ("`duchenne.tables.file`", "duchenne.tables.file"),
        ("`duchenne.subjects.unknwon`", "duchenne.subjects.unknwon"),
        ("`test_of_what_nobody_tests`", "test_of_what_nobody_tests"),
        ("`make reprod`", "make reprod: no target reprod"),
        ("`dvc repro mush`", "dvc repro mush: no stage mush"),
        ("`dvc artifacts get . modles`", "dvc artifacts get . modles: no artifact modles"),
        ("`dvc exp runn`", "dvc exp runn: DVC: parser error"),
        ("```sh\ndvc pull --runcache  # all\n```", "dvc pull --runcache: DVC: parser error"),
        ("`duchenne doktor`", "duchenne doktor: no command doktor"),
        ("`duchenne cache\nprun`", "duchenne cache prun: no command prun"),
        ("`duchenne doctor --data spos`", "duchenne doctor --data spos: no option --data"),
        ("`DUCHENNE_ENGINE=inline exec python -m bench.deco`",
         "python -m bench.deco: no module bench.deco"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_found(page: str, fault: str):
    assert faults(page) == [fault]


@pytest.mark.parametrize(
    "page",
    [
        "`stages/<name>.py`, data/raw/<name>, `data/raw/my-smiles`, `data/status/<stage>.parquet`",
        "`metrics/summary.json`, `models/folds/3`, metrics/plots/roc.csv, `.dvc/plots`, dvc.lock",
        "`labels/<fold>/train.json`, /a/tests/of.yours, ~/data/x, a clip's `clips.csv`",
        "`dvc exp run --queue -S 'seed=range(0,5)' && dvc exp show`, `duchenne`, `dvc`, `make`",
    ],
)
def test_what_exists_or_is_the_user_s_is_no_fault(page: str):
    assert faults(page) == []


@pytest.mark.parametrize("page", SHORT)
def test_a_page_of_first_reading_is_short(page: str):
    assert len(text(page).splitlines()) <= LINES


def test_the_architecture_names_every_stage_and_package():
    page = text("docs/architecture.md")
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    stages = list(yaml.safe_load(text("dvc.yaml"))["stages"])
    packages = [{*re.findall(r"`(\w+)`", row)} for row in rows]
    assert packages == [{stage} for stage in stages] + [floor - {"__init__"} for floor in FLOORS]
    pure = {f"{name}/" for name in re.findall(r"`([\w/]+)` \*", page)}
    assert pure == set(PURE)


def test_the_readme_lists_every_page():
    named = set(re.findall(r"^\| ([\w/.]+\.md) \|", text("README.md"), re.MULTILINE))
    assert named == {*PAGES} - {"README.md"}
