"""`duchenne report`: one page about the run that the workspace holds."""

from pathlib import Path

from duchenne.report import data, figures, page
from duchenne.report.files import Files
from duchenne.tables.files import write_bytes

PLACE = "metrics/report.html"


def write(root: Path, out: Path | None) -> Path:
    """Write the page; the path of it."""
    files = Files(root)
    run = files.scores["run"]
    parts = [*figures.verdict(files), *data.sections(files), *figures.sections(files)]
    target = out or root / PLACE
    write_bytes(target, page.document(f"{run['model']} on {run['dataset']}", parts).encode())
    return target
