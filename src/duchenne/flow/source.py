"""Which code a stage runs, its digest, and whether it is still the code that DVC knows of.

A stage's code is found by the text of its imports: its script, every file of ours that one imports
(inside a function too), and the tables beside them. A file that imports `pkgutil.resolve_name` also
loads what the files that it imports name in strings as `module:class`. All lie in the stage's own
folder, of which a queued experiment has a copy.

A file of Python has one digest, that of its syntax tree without docstrings: comments, layout and
docstrings change no result. data/code/<stage>.json lists the digest of each file of a stage. DVC
knows a stage's code by this list alone, so a stage must not run other code: DVC would remember its
results as those of the code on the list.
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import duchenne
from duchenne.errors import SourceError

# What `code` has parsed: the digest of a file by the sha256 of its bytes. No stage depends on it.
PARSED = "data/code/by_bytes.json"

_PLACES = {"duchenne": "src/", "stages": ""}  # where our packages lie in a project
_LOADED = re.compile(r"duchenne(\.\w+)+:[\w.]+$")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


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
    """One digest of several files, as they are on disk now."""
    sums = hashlib.sha256()
    for path in sorted(paths):
        sums.update(f"{path}\n{file_digest(project, path)}\n".encode())
    return sums.hexdigest()


def file_digest(project: Path, path: str) -> str:
    """Digest of a file's syntax tree; of its bytes where it is no Python; `gone` without a file.

    Parsing takes 2 ms a file, so a file whose bytes `code` has seen is not parsed again.
    """
    file = project / path
    if not file.exists():
        return "gone"
    seen = _seen(file)
    return _parsed(project).get(_sha256(file, *seen)) or _digest(file, *seen)


def _seen(path: Path) -> tuple[int, int]:
    """Date and size: a file is read again where they have changed."""
    seen = path.stat()
    return seen.st_mtime_ns, seen.st_size


@cache
def _sha256(path: Path, _modified: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _digest(path: Path, modified: int, size: int) -> str:
    if path.suffix == ".py":
        with suppress(SyntaxError):  # while it is being edited
            text = ast.unparse(_without_docstrings(_tree(path, modified, size)))
            return hashlib.sha256(text.encode()).hexdigest()
    return _sha256(path, modified, size)


def _without_docstrings(module: ast.Module) -> ast.Module:
    """The same tree, changed in place: who asks it for imports does not miss them."""
    for node in (module, *_statements(module)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body[:1] = [] if node.body[1:] else [ast.Pass()]
    return module


@cache
def _tree(path: Path, _modified: int, _size: int) -> ast.Module:
    return ast.parse(path.read_bytes())


def _parsed(project: Path) -> dict[str, str]:
    """The digests that `code` has written down, by the sha256 of each file's bytes."""
    file = project / PARSED
    return _read(file, *_seen(file)) if file.exists() else {}


@cache
def _read(path: Path, _modified: int, _size: int) -> dict[str, str]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


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
    nodes = ast.walk(_tree(project / path, *_seen(project / path)))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    names = (text.split(":")[0] for text in texts if isinstance(text, str) and _LOADED.match(text))
    return _files_of(project, names)


def modules(project: Path, path: str) -> frozenset[str]:
    """The dotted names of all modules that a file names in its imports."""
    try:
        return _named_in(_tree(project / path, *_seen(project / path)), path)
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
    return {path: file_digest(project, path) for path in files_of_stage(project, stage)}


def by_bytes(project: Path, paths: Iterable[str]) -> dict[str, str]:
    """The digests of files by the sha256 of their bytes: what PARSED holds."""
    return {
        _sha256(project / path, *_seen(project / path)): file_digest(project, path)
        for path in sorted(paths)
    }


def check_written(project: Path, stage: str) -> None:
    """Refuse code that has changed since `code` wrote down its digests.

    Without that file DVC does not watch the code, and there is nothing to compare with.
    """
    file = project / "data" / "code" / f"{stage}.json"
    if not file.exists():
        return
    known = json.loads(file.read_text(encoding="utf-8"))
    changed = [path for path, digest in known.items() if file_digest(project, path) != digest]
    if changed:
        raise SourceError(
            f"{changed[0]} has changed since `code` looked at it; `dvc repro` (without "
            "--single-item) looks again and goes on"
        )
