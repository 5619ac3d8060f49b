"""`duchenne doctor`: what would stop DVC before any stage starts, named with its cure.

DVC reads every file below data/raw to take its digest. A named pipe there hangs it for ever, and an
unreadable file or a broken link ends it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from duchenne import params as parameters
from duchenne.datasets import tracking
from duchenne.errors import Unusable
from duchenne.face import regular

CURES = {
    "broken_link": "remove the link or put its target back",
    "not_a_file": "move it out of data/raw",
    "unreadable": "allow yourself to read it (chmod u+r)",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. What blocks makes the command fail."""

    text: str  # what it is; what to do
    blocks: bool = True

    def __str__(self) -> str:
        return f"{'BLOCKS' if self.blocks else 'note'}: {self.text}"


def examine(root: Path) -> list[Finding]:
    """Everything wrong with the workspace in `root`."""
    params = parameters.load(root / "params.yaml")
    return [*_folder(root, params), *_files(root)]


def show(findings: list[Finding], console: Console) -> None:
    for finding in findings:
        console.print(str(finding), markup=False, soft_wrap=True)
    if not findings:
        console.print("all is well")


def _folder(root: Path, params: parameters.Params) -> Iterator[Finding]:
    folder = root / "data" / "raw" / params.dataset
    if params.datasets[params.dataset].adapter == "demo":
        return  # the pipeline makes it
    if not folder.is_dir():
        place = folder.relative_to(root)
        yield Finding(f"{place} is missing; put the clips there, or choose another dataset")
    elif advice := tracking.advice(folder, root):
        yield Finding(advice, blocks=False)


def _files(root: Path) -> Iterator[Finding]:
    """Whatever DVC cannot read below data/raw, a file or a folder."""
    for path in regular.walk(root / "data" / "raw"):
        place = path.relative_to(root)
        if path.is_dir() or (path.is_file() and not os.access(path, os.R_OK)):
            yield Finding(f"{place}: may not be read; {CURES['unreadable']}")
            continue
        try:
            regular.check_regular(path)
        except Unusable as verdict:
            if verdict.reason in CURES:
                yield Finding(f"{place}: {verdict.detail}; {CURES[verdict.reason]}")
