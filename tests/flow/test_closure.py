"""What code a stage runs is found by its imports, wherever they stand."""

import ast
from pathlib import Path

import pytest

from duchenne.errors import SourceError
from duchenne.flow import closure
from tests.imports import ROOT

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
    assert closure.of_stage(project, "work") == [
        "src/duchenne/__init__.py",
        "src/duchenne/face/__init__.py",
        "src/duchenne/face/boxes.py",
        "src/duchenne/face/points.csv",
        "src/duchenne/instead.py",
        "src/duchenne/late.py",
        "stages/__init__.py",
        "stages/work.py",
    ]


def test_an_edit_is_seen_at_once(project: Path):
    closure.of_stage(project, "work")
    (project / "src/duchenne/face/boxes.py").write_text("import duchenne.idle\n")
    found = closure.of_stage(project, "work")
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
        closure.of_stage(project, "work")


@pytest.mark.parametrize("stage", STAGES)
def test_no_import_of_ours_is_overlooked(stage: str):
    """Against every node of every tree, expressions too."""
    for path in closure.of(ROOT, [f"stages/{stage}.py"]):
        text = (ROOT / path).read_text(encoding="utf-8")
        said = {
            name
            for node in ast.walk(ast.parse(text))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert closure.modules(ROOT, path) == said
