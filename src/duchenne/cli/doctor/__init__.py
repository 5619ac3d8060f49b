"""`duchenne doctor`: what would stop DVC or a stage, named with its cure before anything starts.

One file for each check, loaded when its turn comes: where a wheel is missing or broken, those that
need no such wheel still speak.
"""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from duchenne.cli.doctor.site import Finding, Site
from duchenne.config import params as parameters
from duchenne.errors import DuchenneError, ParamsError, suggest

# Module, and what it looks at in the table. Each has `check(site) -> Iterator[Finding]`.
CHECKS = {
    "python": "Python",
    "wheels": "packages",
    "gpu": "GPU",
    "codecs": "video codecs",
    "layout": "data set",
    "tracked": "tracked by DVC",
    "files": "files in data/raw",
    "links": "DVC's cache",
    "space": "disk space",
}


def examine(root: Path, dataset: str | None = None) -> dict[str, list[Finding]]:
    """What each check has found, for one data set; that of params.yaml if none is named."""
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
    """A line for each check, or for each thing that it has found."""
    table = Table("check", "verdict", "what to do", title_justify="left")
    for name, findings in found.items():
        for finding in findings:
            verdict = "BLOCKS" if finding.blocks else "note"
            table.add_row(CHECKS[name], verdict, Text(finding.text, overflow="fold"))
        if not findings:
            table.add_row(CHECKS[name], "ok", "")
    console.print(table)
    console.print(_sum(found))


def blocks(found: dict[str, list[Finding]]) -> bool:
    return any(finding.blocks for findings in found.values() for finding in findings)


def _findings(name: str, site: Site) -> Iterator[Finding]:
    try:
        check: Callable[[Site], Iterator[Finding]]
        check = importlib.import_module(f"duchenne.cli.doctor.{name}").check
        yield from check(site)
    except (ImportError, OSError) as error:
        yield Finding(f"could not be looked at: {error}", blocks=False)
    except DuchenneError as error:
        yield Finding(str(error))


def _sum(found: dict[str, list[Finding]]) -> str:
    stops = sum(finding.blocks for findings in found.values() for finding in findings)
    return f"{stops} to be mended before `dvc repro`" if stops else "nothing stops `dvc repro`"
