"""`duchenne doctor`: find what would stop DVC or a stage, and say what to do, before a run starts.

Each check's module is imported just before the check, so that a missing or broken package stops
only the checks that need it.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from duchenne.config import params as parameters
from duchenne.config.datasets import OfDataset
from duchenne.config.params import Params
from duchenne.errors import DuchenneError, ParamsError, suggest

# `module.function` of this package → title. A check takes a Site and yields Findings.
CHECKS = {
    "machine.python": "Python",
    "packages.check": "packages",
    "machine.gpu": "GPU",
    "machine.codecs": "video codecs",
    "layout.check": "data set",
    "layout.tracked": "tracked by DVC",
    "layout.readable": "files in data/raw",
    "links.check": "DVC's cache",
    "space.check": "disk space",
}


@dataclass(frozen=True)
class Site:
    """A workspace and the data set to check in it."""

    root: Path
    params: Params
    dataset: str

    @property
    def settings(self) -> OfDataset:
        return self.params.datasets[self.dataset]

    @property
    def data(self) -> Path:
        return self.root / "data" / "raw" / self.dataset

    @property
    def is_rendered(self) -> bool:
        """Whether the pipeline renders the data itself."""
        return self.dataset == "demo"


@dataclass(frozen=True)
class Finding:
    """A problem and its cure. `blocks`: it would stop `dvc repro`, and the command fails."""

    text: str
    blocks: bool = True


def examine(root: Path, dataset: str | None = None) -> dict[str, list[Finding]]:
    """Run all checks for `dataset`, or for the one chosen in params.yaml; findings by check."""
    params = parameters.load(root / "params.yaml")
    chosen = dataset or params.dataset
    if chosen not in params.datasets:
        raise ParamsError(
            f"params.yaml: '{chosen}' is not described under `datasets:`; "
            + suggest(chosen, params.datasets)
        )
    site = Site(root, params, chosen)
    return {name: list(_findings(name, site)) for name in CHECKS}


def show(found: dict[str, list[Finding]], console: Console) -> None:
    """Print a table with a row for each finding, and one for each check without findings."""
    table = Table("check", "verdict", "what to do", title_justify="left")
    for name, findings in found.items():
        for finding in findings:
            verdict = "BLOCKS" if finding.blocks else "note"
            table.add_row(CHECKS[name], verdict, Text(finding.text, overflow="fold"))
        if not findings:
            table.add_row(CHECKS[name], "ok", "")
    console.print(table)
    console.print(_summary(found))


def blocks(found: dict[str, list[Finding]]) -> bool:
    """Whether any finding would stop `dvc repro`."""
    return any(finding.blocks for findings in found.values() for finding in findings)


def _findings(name: str, site: Site) -> Iterator[Finding]:
    try:
        module, function = name.split(".")
        check: Callable[[Site], Iterator[Finding]]
        check = getattr(importlib.import_module(f"duchenne.cli.doctor.{module}"), function)
        yield from check(site)
    except (ImportError, OSError) as error:
        yield Finding(f"could not be looked at: {error}", blocks=False)
    except DuchenneError as error:
        yield Finding(str(error))


def _summary(found: dict[str, list[Finding]]) -> str:
    stops = sum(finding.blocks for findings in found.values() for finding in findings)
    return f"{stops} to be mended before `dvc repro`" if stops else "nothing stops `dvc repro`"
