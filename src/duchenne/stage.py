"""What every stage starts with: its parameters, its declared files, its log and its exit code.

dvc.yaml is the one place that says what a stage uses. A stage gets paths only through `dep` and
`out`, which refuse what dvc.yaml does not declare, so that DVC never misses a reason to rerun.
"""

import ast
import hashlib
import importlib
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.logging import RichHandler

from duchenne import params as parameters
from duchenne.errors import DuchenneError, StageError
from duchenne.flow import lock, parent, settings, source
from duchenne.flow.unit import Recipe, installed

# How things run, and the checking of parameters (whose values are in every key themselves), cannot
# change a result: a test proves the first, and so units survive a change there.
_NEUTRAL = ("src/duchenne/flow/", "src/duchenne/stage.py", "src/duchenne/params.py", "stages/__")


@dataclass(frozen=True)
class Stage:
    """One stage of dvc.yaml in one workspace."""

    name: str
    root: Path
    params: parameters.Params
    engine: settings.Settings
    deps: tuple[str, ...]
    outs: tuple[str, ...]

    def dep(self, path: str) -> Path:
        """The place of a declared dependency."""
        return self._declared(path, self.deps, "deps")

    def out(self, path: str) -> Path:
        """The place of a declared output."""
        return self._declared(path, self.outs, "outs")

    def recipe(self, params: BaseModel | None, *libraries: str) -> Recipe:
        """What decides this stage's results: these params, its code, these libraries' versions."""
        return Recipe(self.name, params, self._code(), installed(*libraries))

    def _declared(self, path: str, declared: tuple[str, ...], kind: str) -> Path:
        if path not in declared:
            raise StageError(f"stage {self.name}: dvc.yaml does not declare {path} under {kind}")
        return self.root / path.replace("${dataset}", self.params.dataset)

    def _code(self) -> str:
        """Digest of the declared code that can change a result; comments do not count."""
        sums = hashlib.sha256()
        for path in sorted(self.deps):
            if path.startswith(("src/", "stages/")) and not path.startswith(_NEUTRAL):
                text = (self.root / path).read_text(encoding="utf-8")
                said = ast.dump(ast.parse(text)) if path.endswith(".py") else text
                sums.update(f"{path}\n{said}\n".encode())
        return sums.hexdigest()


def execute(name: str) -> int:
    """Run a stage in the present folder; the exit code says whether it went well."""
    parent.die_with_parent()
    try:
        stage = load(name, Path.cwd())
        _start_log(stage.engine.log)
        with lock.hold(stage.root / ".dvc" / "tmp" / "duchenne.lock", name=name):
            importlib.import_module(f"stages.{name}").run(stage)
    except DuchenneError as error:
        sys.stderr.write(f"ERROR {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"{name}: stopped; finished units are kept, `dvc repro` goes on there\n")
        return 130
    return 0


def load(name: str, root: Path) -> Stage:
    """A stage as dvc.yaml, params.yaml and engine.yaml in `root` describe it."""
    source.check(root / "src")
    declared = parameters.read_yaml(root / "dvc.yaml")["stages"].get(name)
    if declared is None:
        raise StageError(f"dvc.yaml has no stage {name}")
    return Stage(
        name=name,
        root=root,
        params=parameters.load(root / "params.yaml"),
        engine=settings.load(root / "engine.yaml"),
        deps=tuple(declared.get("deps", ())),
        outs=tuple(_path(out) for out in declared.get("outs", ())),
    )


def _path(out: str | Mapping[str, Any]) -> str:
    """An output is a path, or a mapping of one path to its options."""
    return out if isinstance(out, str) else str(next(iter(out)))


def _start_log(level: str) -> None:
    """Log to the terminal in colour, elsewhere as plain lines."""
    handler: logging.Handler = RichHandler(show_path=False)
    if not sys.stderr.isatty():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    root = logging.getLogger("duchenne")
    root.handlers = [handler]
    root.setLevel(level.upper())
