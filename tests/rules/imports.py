"""Where the repository lies, and what its files import."""

import ast
from pathlib import Path

from duchenne.flow import source

ROOT = Path(__file__).resolve().parents[2]


def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_bytes())


def modules(path: str) -> frozenset[str]:
    """The dotted names of all modules that a file of ours names in its imports."""
    return source.modules(ROOT, path)


def direct(path: str) -> set[str]:
    """The files of ours that a file imports, with the packages they lie in."""
    return source.direct(ROOT, path)


def closure(path: str) -> set[str]:
    """Every file of ours that runs when this one is imported, itself included."""
    return source.closure_of(ROOT, (path,))
