"""Which code runs: that of the stage's own folder, of which a queued experiment has a copy."""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import duchenne
from duchenne.errors import SourceError


def present() -> Path:
    """The folder that holds the package which is running."""
    return Path(str(duchenne.__file__)).resolve().parents[1]


def check(folder: Path) -> None:
    """Refuse to run code that lies elsewhere."""
    if present() != folder.resolve():
        raise SourceError(
            f"the code that runs is {present()}, not {folder.resolve()}; start stages with "
            "`dvc repro` or `python -m stages.<name>` in the project's own folder"
        )


def digest(project: Path, paths: Iterable[str]) -> str:
    """Digest of code as it stands on disk now; comments and layout do not count."""
    sums = hashlib.sha256()
    for path in sorted(paths):
        said = _said(project / path, *_seen(project / path))
        sums.update(f"{path}\n{said}\n".encode())
    return sums.hexdigest()


def tree(path: Path) -> ast.Module:
    """The syntax tree of a file of code."""
    return _tree(path, *_seen(path))


def _seen(path: Path) -> tuple[int, int]:
    """Date and size: where they have changed, a file is read again."""
    seen = path.stat()
    return seen.st_mtime_ns, seen.st_size


@cache
def _said(path: Path, modified: int, size: int) -> str:
    """What a file says: its syntax tree if it is code."""
    return (
        ast.unparse(_tree(path, modified, size))
        if path.suffix == ".py"
        else path.read_text(encoding="utf-8")
    )


@cache
def _tree(path: Path, _modified: int, _size: int) -> ast.Module:
    return ast.parse(path.read_bytes())
