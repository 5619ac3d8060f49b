"""Which code runs: that of the stage's own folder, of which a queued experiment has a copy."""

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
