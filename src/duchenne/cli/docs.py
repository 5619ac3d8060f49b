"""Print pages of docs/ that are generated from the code: `python -m duchenne.cli.docs data`."""

import sys

from duchenne.config.datasets import published_settings
from duchenne.tables import dmarkers, truth
from duchenne.tables.blinks import BLINKS
from duchenne.tables.clips import CLIPS
from duchenne.tables.crops import crops_table
from duchenne.tables.events import EVENTS
from duchenne.tables.faces import FACES
from duchenne.tables.folds import FOLDS
from duchenne.tables.frames import FRAMES
from duchenne.tables.landmarks import landmarks_table
from duchenne.tables.measured import MEASURED
from duchenne.tables.mesh import mesh_table
from duchenne.tables.parquet import Table
from duchenne.tables.predictions import PREDICTIONS
from duchenne.tables.quality import QUALITY
from duchenne.tables.status import STATUS

TABLES = (
    CLIPS,
    FRAMES,
    FACES,
    mesh_table(478),
    landmarks_table(478),
    crops_table(48, 3),
    QUALITY,
    dmarkers.SIGNALS,
    dmarkers.DMARKERS,
    EVENTS,
    BLINKS,
    FOLDS,
    PREDICTIONS,
    STATUS,
    MEASURED,
    truth.TRUTH,
    truth.SMILES,
    truth.BLINKS,
)


def data() -> str:
    """The text of docs/data.md: all tables with their columns, types and units."""
    head = [
        "# Tables\n",
        "Made from the code by `make docs`. Times are seconds, lengths pixels of the upright",
        "frame. Each file's metadata says which schema and version it has, which stage made it,",
        "with which parameters and library versions.",
    ]
    return "\n".join([*head, *(_page(table) for table in TABLES)]) + "\n"


def _page(table: Table) -> str:
    lines = [f"\n## {table.name} (version {table.version})\n", table.doc, ""]
    lines += ["| column | type | meaning |", "|---|---|---|"]
    lines += [f"| {c.name} | {c.type} | {_cell(c.doc)} |" for c in table.columns]
    if table.facts:
        lines += ["", "| in the metadata | meaning |", "|---|---|"]
        lines += [f"| {name} | {doc} |" for name, doc in table.facts]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text with escaped bars, which would end the cell."""
    return text.replace("|", "\\|")


def models() -> str:
    """The text of docs/models.md. It needs torch, the other page does not."""
    from duchenne.nets import catalogue

    rows = (
        f"| {key} | {model or 'all'} | {'null' if value is None else value} | {_cell(source)} |"
        for key, model, value, source in published_settings()
    )
    return "\n".join([catalogue.document(), _SETTINGS, *rows]) + "\n"


_SETTINGS = """## Published settings

What a key that is `auto` comes to where the data set says nothing, and where that is from. A
model's own value goes before that of all.

| key | model | value | source |
|---|---|---|---|"""


PAGES = {"data": data, "models": models}

if __name__ == "__main__":
    print(PAGES[sys.argv[1]](), end="")
