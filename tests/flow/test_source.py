"""What code a stage runs is found by its imports, wherever they stand."""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from duchenne.config.models import FUSIONS, MODELS
from duchenne.errors import SourceError
from duchenne.flow import source
from duchenne.tables.files import write_json
from tests.rules.imports import ROOT

BOXES = "src/duchenne/face/boxes.py"
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("[!_]*.py"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A stage that imports in every way there is, and code that nobody imports."""
    files = {
        "stages/__init__.py": "import os\n",
        "stages/work.py": "from duchenne.face import boxes\ndef run():\n    import duchenne.late\n",
        "src/duchenne/__init__.py": "",
        "src/duchenne/late.py": (
            "try:\n    import numpy\nexcept ImportError:\n    from duchenne import instead\n"
        ),
        "src/duchenne/instead.py": "if True:\n    from duchenne.late import x as y\n",  # a circle
        "src/duchenne/idle.py": "",
        "src/duchenne/face/__init__.py": "",
        "src/duchenne/face/boxes.py": 'TABLE = "points.csv"\n',
        "src/duchenne/face/points.csv": "1\n",
        "src/duchenne/face/others.csv": "2\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_everything_that_is_imported_counts_and_nothing_else(project: Path):
    assert source.files_of_stage(project, "work") == [
        "src/duchenne/__init__.py",
        "src/duchenne/face/__init__.py",
        "src/duchenne/face/boxes.py",
        "src/duchenne/face/points.csv",
        "src/duchenne/instead.py",
        "src/duchenne/late.py",
        "stages/__init__.py",
        "stages/work.py",
    ]


NAMES = 'LATE = "duchenne.idle:Late"\nTALK = ("see duchenne.gone:Gone, or", "duchenne.face:")\n'


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("from pkgutil import resolve_name\nfrom duchenne import table\n", True),
        ("from duchenne import table\n", False),
        ("from pkgutil import resolve_name\nimport duchenne.late\n", False),
    ],
)
def test_what_is_loaded_by_its_name_counts_where_it_is_loaded(
    project: Path, text: str, counts: bool
):
    (project / "src/duchenne/table.py").write_text(NAMES)
    (project / "src/duchenne/face/boxes.py").write_text(text)
    found = source.files_of_stage(project, "work")
    assert ("src/duchenne/idle.py" in found) is counts


def test_a_change_in_any_network_trains_again_and_decodes_nothing():
    """Its file is among the code of `train`, and networks are loaded by their name."""
    named = {text.split(":")[0] for text in FUSIONS.values()}
    named |= {model.network.split(":")[0] for model in MODELS.values() if model.network}
    files = {f"src/{name.replace('.', '/')}.py" for name in named}
    assert files <= set(source.files_of_stage(ROOT, "train"))
    assert not any("/nets/" in path for path in source.files_of_stage(ROOT, "decode"))
    assert "src/duchenne/nets/catalogue.py" not in source.files_of_stage(ROOT, "train")


def test_an_edit_is_seen_at_once(project: Path):
    source.files_of_stage(project, "work")
    (project / "src/duchenne/face/boxes.py").write_text("import duchenne.idle\n")
    found = source.files_of_stage(project, "work")
    assert "src/duchenne/idle.py" in found
    assert "src/duchenne/face/points.csv" not in found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\nfrom . import idle\n", "face/boxes.py, line 2: write the import in full"),
        ("x = 1\n\ny = (\n", "face/boxes.py, line 3: '.' was never closed"),
    ],
)
def test_what_cannot_be_followed_is_named(project: Path, text: str, says: str):
    (project / "src/duchenne/face/boxes.py").write_text(text)
    with pytest.raises(SourceError, match=says):
        source.files_of_stage(project, "work")


def test_a_package_comes_before_a_module_of_its_name(project: Path):
    (project / "src/duchenne/face.py").write_text("import duchenne.idle\n")
    assert "src/duchenne/face/__init__.py" in source.files_of_stage(project, "work")


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_of_ours_that_python_loads_is_overlooked(stage: str):
    """Against what is there after Python itself has imported a stage."""
    tell = (
        f"import sys, stages.{stage}\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if name.split('.')[0] in ('duchenne', 'stages'): print(module.__file__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", tell], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {Path(line).relative_to(ROOT).as_posix() for line in done.stdout.split()}
    assert f"stages/{stage}.py" in loaded
    assert loaded <= set(source.files_of_stage(ROOT, stage))


def test_a_mark_of_byte_order_is_no_error(project: Path):
    (project / "src/duchenne/late.py").write_text("import duchenne.idle\n", "utf-8-sig")
    assert "src/duchenne/idle.py" in source.files_of_stage(project, "work")


PLAIN = 'TABLE = "points.csv"\n\n\ndef f(x):\n    return x + 1\n\n\nclass C:\n    pass\n'
# How boxes.py differs from PLAIN -> whether that is other code.
EDITS = {
    "nothing": (PLAIN, False),
    "a comment": (f"# why\n{PLAIN}", False),
    "layout": (PLAIN.replace("x + 1", "(\n        x+1\n    )"), False),
    "docstrings": (
        f'"""A module."""\n{PLAIN}'.replace("    return", '    "Add."\n    return').replace(
            "pass", '"""Nothing but this."""'
        ),
        False,
    ),
    "a function": (f"{PLAIN}async def g():\n    'g'\n", True),
    "a number": (PLAIN.replace("x + 1", "x + 2"), True),
    "a string": (PLAIN.replace("points", "others"), True),
    "a string that a function returns": (PLAIN.replace("x + 1", '"x"'), True),
    "a statement that cannot be parsed": (PLAIN + "def (\n", True),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("written", [False, True], ids=["parsed", "looked up"])
def test_only_what_python_runs_counts(project: Path, edit: str, written: bool):
    """In the list that DVC sees and in units' keys, with or without what `code` has parsed."""
    boxes, (text, counts) = project / BOXES, EDITS[edit]
    boxes.write_text(PLAIN)
    before = source.digests(project, "work")
    write_json(project / "data/code/work.json", before)
    if written:
        write_json(project / source.PARSED, source.by_bytes(project, before))
    key = source.digest(project, before)
    boxes.write_text(text)
    assert (source.file_digest(project, BOXES) != before[BOXES]) == counts
    assert (source.digest(project, before) != key) == counts
    with pytest.raises(SourceError, match=r"boxes\.py has changed") if counts else nullcontext():
        source.check_written(project, "work")


def test_what_code_has_parsed_is_not_parsed_again(project: Path, monkeypatch: pytest.MonkeyPatch):
    """That would take each stage up to 0.4 s."""
    known = source.digests(project, "work")
    write_json(project / "data/code/work.json", known)
    write_json(project / source.PARSED, source.by_bytes(project, known))
    source._digest.cache_clear()
    monkeypatch.setattr(source, "_tree", None)
    source.check_written(project, "work")
    assert source.digest(project, known)


def test_no_stage_reads_a_docstring():
    """Else its digest would have to hold them."""
    readers = (b"__doc__", b"getdoc", b"get_docstring", b"use_attribute_docstrings")
    code = {path for stage in STAGES for path in source.files_of_stage(ROOT, stage)}
    code -= {"src/duchenne/flow/source.py"}  # which removes them
    assert not [path for path in code if any(w in (ROOT / path).read_bytes() for w in readers)]


def test_code_that_has_changed_since_it_was_written_down_is_refused(project: Path):
    source.check_written(project, "work")  # nothing is written down yet: started by hand
    write_json(project / "data/code/work.json", source.digests(project, "work"))
    source.check_written(project, "work")
    (project / "src/duchenne/idle.py").write_text("x = 1\n")
    source.check_written(project, "work")
    (project / "src/duchenne/face/points.csv").write_text("2\n")
    with pytest.raises(SourceError, match=r"points\.csv has changed since"):
        source.check_written(project, "work")
    (project / "src/duchenne/face/points.csv").unlink()  # a file that is missing has changed, too
    with pytest.raises(SourceError, match=r"points\.csv has changed since"):
        source.check_written(project, "work")
