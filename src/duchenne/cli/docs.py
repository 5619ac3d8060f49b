"""Pages of docs/ that are made from the code: `python -m duchenne.cli.docs data`."""

import sys

from duchenne.tables import dmarkers, schemas
from duchenne.tables.parquet import Table

TABLES = (
    schemas.CLIPS,
    schemas.FRAMES,
    schemas.FACES,
    schemas.mesh(478),
    schemas.landmarks(478),
    schemas.crops(48, 3),
    schemas.QUALITY,
    dmarkers.SIGNALS,
    dmarkers.DMARKERS,
    schemas.FOLDS,
    schemas.PREDICTIONS,
    schemas.STATUS,
    schemas.TRUTH,
)


def data() -> str:
    """docs/data.md: every table, its columns, types and units."""
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
    """A bar would end the cell."""
    return text.replace("|", "\\|")


def models() -> str:
    """docs/models.md; torch is not needed for the other pages."""
    from duchenne.nets import catalogue

    return catalogue.document()


PAGES = {"data": data, "models": models}

if __name__ == "__main__":
    print(PAGES[sys.argv[1]](), end="")
