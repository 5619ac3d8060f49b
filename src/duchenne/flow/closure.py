"""What code a stage runs: its script, every file of ours that one imports, the tables among them.

It is read from the text, and every import anywhere in a file counts: one inside a function too.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from duchenne.errors import SourceError
from duchenne.flow import source

# Where the packages of ours lie in a project.
_PLACES = {"duchenne": "src/", "stages": ""}


def of_stage(project: Path, stage: str) -> list[str]:
    """The files, relative to the project, that decide what a stage does."""
    code = of(project, ("stages/__init__.py", f"stages/{stage}.py"))
    texts = [(project / path).read_bytes() for path in code]
    tables = (table for table in (project / "src").rglob("*.csv") if _named(table.name, texts))
    return sorted({*code, *(table.relative_to(project).as_posix() for table in tables)})


def of(project: Path, paths: Iterable[str]) -> set[str]:
    """Every file of ours that runs when these are imported, themselves included."""
    seen: set[str] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(direct(project, path))
    return seen


def direct(project: Path, path: str) -> set[str]:
    """The files of ours that a file imports, with the packages they lie in."""
    parents = {parent for name in modules(project, path) for parent in _parents(name)}
    found = {_file(project, name) for name in parents}
    return {name for name in found if name}


def modules(project: Path, path: str) -> frozenset[str]:
    """The dotted names of all modules that a file names in its imports."""
    try:
        return _named_in(source.tree(project / path), path)
    except SyntaxError as error:
        raise SourceError(f"{path}, line {error.lineno}: {error.msg}") from error


@cache  # of the same tree, which another stage's closure asks about too
def _named_in(tree: ast.Module, path: str) -> frozenset[str]:
    names: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise SourceError(f"{path}, line {node.lineno}: write the import in full")
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements in a node: imports are some, and most of a tree is expressions."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield child
            yield from _statements(child)


def _parents(module: str) -> Iterator[str]:
    """`a`, `a.b` and `a.b.c` for `a.b.c`: importing the last runs them all."""
    parts = module.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _file(project: Path, module: str) -> str | None:
    """The file of one of our modules, or None for anything else."""
    place = _PLACES.get(module.split(".", maxsplit=1)[0])
    if place is None:
        return None
    base = place + module.replace(".", "/")
    candidates = (f"{base}/__init__.py", f"{base}.py")  # Python, too, takes the package first
    return next((path for path in candidates if (project / path).is_file()), None)


def _named(table: str, texts: list[bytes]) -> bool:
    return any(f'"{table}"'.encode() in text for text in texts)
