"""How a stage starts: its parameters, its declared files, its log and its exit code.

dvc.yaml declares what a stage uses. A stage gets paths only through `dep` and `out`, which refuse
undeclared ones, so that DVC knows every reason to rerun.
"""

import importlib
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from rich.logging import RichHandler

from duchenne.config import params as parameters
from duchenne.config import resolved
from duchenne.config.yaml import read_yaml
from duchenne.errors import DuchenneError, StageError
from duchenne.flow import process, settings, source, startup
from duchenne.flow.unit import Recipe, installed

if TYPE_CHECKING:  # `check` must start fast, and importing Arrow is slow
    from duchenne.tables.parquet import Table

# Code that cannot change a unit's result, and so is not part of its key: how units run (tests prove
# it), how parameters are checked (the key has their values, and train's has the classes that
# config/models names for a model and a fusion), which clips a stage processes (the key has their
# content), what tables look like (the key has their version), errors and the version.
# Files of `tables` that read a unit's inputs are not in the list.
_NEUTRAL = (
    "src/duchenne/__init__.py",
    "src/duchenne/config/",
    "src/duchenne/errors.py",
    "src/duchenne/flow/",
    "src/duchenne/pipeline/__init__.py",
    "src/duchenne/pipeline/clips.py",
    "src/duchenne/pipeline/stage.py",
    "src/duchenne/tables/__init__.py",
    "src/duchenne/tables/clips.py",
    "src/duchenne/tables/files.py",
    "src/duchenne/tables/folds.py",
    "src/duchenne/tables/parquet.py",
    "src/duchenne/tables/predictions.py",
    "src/duchenne/tables/quality.py",
    "src/duchenne/tables/status.py",
    "src/duchenne/tables/truth.py",
    "stages/__init__.py",
)


@dataclass(frozen=True)
class Stage:
    """One stage of dvc.yaml in one workspace."""

    name: str
    root: Path
    params: parameters.Params
    engine: settings.Settings
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    declared: tuple[str, ...]  # parameters

    def dep(self, path: str) -> Path:
        """The path of a declared dependency."""
        return self._declared(path, self.deps, "deps")

    def out(self, path: str) -> Path:
        """The path of a declared output."""
        return self._declared(path, self.outs, "outs")

    def scratch(self, name: str) -> Path:
        """A folder for intermediate files, which git and DVC ignore."""
        return self.root / ".dvc" / "tmp" / "duchenne" / self.name / name

    def recipe(
        self,
        params: BaseModel | None,
        *libraries: str,
        writes: "Table | None" = None,
        models: tuple[tuple[str, str], ...] = (),
    ) -> Recipe:
        """What decides this stage's results: `params`, the code, the versions of `libraries`, the
        table that results are written as, and (name, sha256) of `models`, weights that belong to no
        library version.
        """
        sources = tuple(filter(_decides, source.files_of_stage(self.root, self.name)))
        return Recipe(
            stage=self.name,
            params=params,
            code=source.digest(self.root, sources),
            libraries=installed(*libraries),
            models=models,
            writes=f"{writes.name}/{writes.version}" if writes else "",
            sources=sources,
        )

    def _declared(self, path: str, declared: tuple[str, ...], kind: str) -> Path:
        if path not in declared:
            raise StageError(f"stage {self.name}: dvc.yaml does not declare {path} under {kind}")
        return self.root / path.replace("${dataset}", self.params.dataset)


def _decides(path: str) -> bool:
    """Whether a file of a stage's code can change a unit's result."""
    return not path.startswith(_NEUTRAL)


def execute(name: str) -> int:
    """Run a stage in the current folder; the exit code is 0, 130 after Ctrl-C, or 1."""
    try:
        stage = load(name, Path.cwd())
        if stage.engine.engine == "local" and "duchenne.flow.fanout" in sys.modules:
            startup.start()
        _start_log(stage.engine.log)
        with process.hold(stage.root / ".dvc" / "tmp" / "duchenne.lock", name=name):
            source.check_written(stage.root, name)
            now = resolved.settled(stage.params, stage.declared)
            resolved.check(stage.root / "data" / "params", name, now)
            importlib.import_module(f"stages.{name}").run(stage)
            source.check_written(stage.root, name)
    except DuchenneError as error:
        sys.stderr.write(f"ERROR {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"{name}: stopped; finished units are kept, `dvc repro` goes on there\n")
        return 130
    return 0


def load(name: str, root: Path) -> Stage:
    """A stage as dvc.yaml, params.yaml and engine.yaml in `root` describe it."""
    source.check_place(root / "src")
    declared = read_yaml(root / "dvc.yaml")["stages"].get(name)
    if declared is None:
        raise StageError(f"dvc.yaml has no stage {name}")
    return Stage(
        name=name,
        root=root,
        params=parameters.load(root / "params.yaml"),
        engine=settings.load(root / "engine.yaml"),
        deps=tuple(declared.get("deps", ())),
        outs=tuple(_path(out) for kind in ("outs", "metrics") for out in declared.get(kind, ())),
        declared=resolved.names(declared),
    )


def _path(out: str | Mapping[str, Any]) -> str:
    """The path of an output in dvc.yaml: a string, or a mapping of one path to its options."""
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
