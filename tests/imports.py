"""What code imports, read from its text: every import anywhere in a file counts.

`python -m tests.imports decode` prints the code that dvc.yaml must declare for a stage.
"""

import ast
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def modules(path: str) -> set[str]:
    """The dotted names of all modules that a file of ours names in its imports."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def file_of(module: str) -> str | None:
    """The file of one of our modules, or None for anything else."""
    roots = {"duchenne": "src/", "stages": ""}
    root = roots.get(module.split(".", maxsplit=1)[0])
    if root is None:
        return None
    base = root + module.replace(".", "/")
    return next((p for p in (f"{base}.py", f"{base}/__init__.py") if (ROOT / p).is_file()), None)


def direct(path: str) -> set[str]:
    """The files of ours that a file imports, with the packages they lie in."""
    found = set()
    for module in modules(path):
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            found.add(file_of(".".join(parts[:end])))
    return {name for name in found if name}


def closure(path: str) -> set[str]:
    """Every file of ours that runs when this one is imported, itself included."""
    seen: set[str] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(direct(current))
    return seen


def code_of(stage: str) -> list[str]:
    """The code that a stage depends on, with the tables that lie in it, as dvc.yaml lists them."""
    code = closure(f"stages/{stage}.py") | closure("stages/__init__.py")
    text = "".join((ROOT / path).read_text(encoding="utf-8") for path in code)
    tables = [table for table in (ROOT / "src").rglob("*.csv") if f'"{table.name}"' in text]
    return sorted({*code, *(table.relative_to(ROOT).as_posix() for table in tables)})


if __name__ == "__main__":
    sys.stdout.writelines(f"      - {path}\n" for path in code_of(sys.argv[1]))
