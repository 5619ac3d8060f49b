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
        seen = (project / path).stat()
        said = _said(project / path, seen.st_mtime_ns, seen.st_size)
        sums.update(f"{path}\n{said}\n".encode())
    return sums.hexdigest()


@cache
def _said(path: Path, modified: int, size: int) -> str:
    """What a file says; read again when its date or size have changed."""
    text = path.read_text(encoding="utf-8")
    return ast.unparse(ast.parse(text)) if path.suffix == ".py" else text
