"""Which code runs: what a stage imports, its digest, and whether it is still what was written down.

The code is that of the stage's own folder, of which a queued experiment has a copy. What a stage
imports is read from the text: its script, every file of ours that one imports (inside a function
too), and the tables beside them. A file that imports `pkgutil.resolve_name` also loads what the
files that it imports name in strings as `module:class`. data/code/<stage>.json has the digest of
each; DVC knows a stage's code by this file alone, so a stage that runs other code than is written
there must fail: DVC would remember its results as those of the code that is written.
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import duchenne
from duchenne.errors import SourceError

# Where the packages of ours lie in a project.
_PLACES = {"duchenne": "src/", "stages": ""}
_LOADED = re.compile(r"duchenne(\.\w+)+:[\w.]+$")


def present() -> Path:
    """The folder that holds the package which is running."""
    return Path(str(duchenne.__file__)).resolve().parents[1]


def check_place(folder: Path) -> None:
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


def files_of_stage(project: Path, stage: str) -> list[str]:
    """The files, relative to the project, that decide what a stage does."""
    code = closure_of(project, ("stages/__init__.py", f"stages/{stage}.py"))
    texts = [(project / path).read_bytes() for path in code]
    tables = (table for table in (project / "src").rglob("*.csv") if _named(table.name, texts))
    return sorted({*code, *(table.relative_to(project).as_posix() for table in tables)})


def closure_of(project: Path, paths: Iterable[str]) -> set[str]:
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
    names = modules(project, path)
    found = _files_of(project, names)
    if "pkgutil.resolve_name" in names:
        found |= {file for known in found for file in _named_for_loading(project, known)}
    return found


def _files_of(project: Path, names: Iterable[str]) -> set[str]:
    """The files of modules of ours and of the packages they lie in."""
    parents = {parent for name in names for parent in _parents(name)}
    return {file for file in (_file_of(project, name) for name in parents) if file}


def _named_for_loading(project: Path, path: str) -> set[str]:
    """The files of the modules that a file names as `module:class`, in a string of its own."""
    texts = (
        node.value for node in ast.walk(tree(project / path)) if isinstance(node, ast.Constant)
    )
    names = (text.split(":")[0] for text in texts if isinstance(text, str) and _LOADED.match(text))
    return _files_of(project, names)


def modules(project: Path, path: str) -> frozenset[str]:
    """The dotted names of all modules that a file names in its imports."""
    try:
        return _named_in(tree(project / path), path)
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


def _file_of(project: Path, module: str) -> str | None:
    """The file of one of our modules, or None for anything else."""
    place = _PLACES.get(module.split(".", maxsplit=1)[0])
    if place is None:
        return None
    base = place + module.replace(".", "/")
    candidates = (f"{base}/__init__.py", f"{base}.py")  # Python, too, takes the package first
    return next((path for path in candidates if (project / path).is_file()), None)


def _named(table: str, texts: list[bytes]) -> bool:
    return any(f'"{table}"'.encode() in text for text in texts)


def digests(project: Path, stage: str) -> dict[str, str]:
    """The digest of each file that a stage runs."""
    return {path: _file_digest(project / path) for path in files_of_stage(project, stage)}


def check_written(project: Path, stage: str) -> None:
    """Refuse code that has changed since; where nothing is written, DVC does not watch."""
    file = project / "data" / "code" / f"{stage}.json"
    if not file.exists():
        return
    known = json.loads(file.read_text(encoding="utf-8"))
    changed = [path for path, digest in known.items() if _file_digest(project / path) != digest]
    if changed:
        raise SourceError(
            f"{changed[0]} has changed since `code` looked at it; `dvc repro` (without "
            "--single-item) looks again and goes on"
        )


def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "gone"
