"""The status table, and the gate that stops a stage in which too many units failed."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from duchenne.errors import GateError
from duchenne.flow.unit import Recipe, StatusRow
from duchenne.tables import parquet
from duchenne.tables.status import STATUS

SHOWN = 20
# Reasons that are not the clip's: of the machine, of our code, or of what the user asked for.
FAULTS = {"code_changed", "disk_full", "error", "refused", "result_lost"}


def write_status(path: Path, rows: Sequence[StatusRow], recipe: Recipe) -> None:
    """Write data/status/<stage>.parquet."""
    names = [column.name for column in STATUS.columns]
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    parquet.write(STATUS, path, columns, made_by=recipe.made_by())


def read_status(path: Path) -> list[StatusRow]:
    """The rows of a status table."""
    return [StatusRow(**row) for row in parquet.read(STATUS, path).to_pylist()]


def judge(rows: Sequence[StatusRow], *, stage: str, max_failed: float) -> None:
    """Show units with a reason; raise GateError if more than the share `max_failed` failed."""
    failed = [row for row in rows if row.failed]
    broken = sorted({row.reason for row in failed} & FAULTS)
    remarkable = [row for row in rows if row.reason]
    if remarkable:
        show(remarkable, stage)
    if broken:
        raise GateError(
            f"{stage}: not the clips' fault, and so not let pass at any quality.max_failed: "
            f"{', '.join(broken)}; see the table and the log above, mend it and run again "
            "(finished units are kept)"
        )
    if len(failed) > max_failed * len(rows):
        reasons = Counter(row.reason for row in failed).most_common()
        raise GateError(
            f"{stage}: {len(failed)} of {len(rows)} units failed "
            f"({', '.join(f'{count} {reason}' for reason, count in reasons)}); {_cure(max_failed)}"
        )


def _cure(max_failed: float) -> str:
    """What to do about it; the limit can only be raised where there is one."""
    if not max_failed:
        return "here none may fail; see the table above, mend it and run again"
    return (
        f"more than quality.max_failed = {max_failed:g} allows; mend or remove them, or raise the "
        "limit in params.yaml"
    )


def show(rows: Sequence[StatusRow], stage: str) -> None:
    """Print a table of failed units, then partial ones, then the remarks on the others."""
    flawed = sorted((row for row in rows if row.status != "ok"), key=lambda row: row.unit)
    flawed.sort(key=lambda row: row.status != "failed")
    fine = Counter(row.reason for row in rows if row.status == "ok")
    table = Table(title=f"{stage}: {len(rows)} with remarks", title_justify="left")
    for heading in ("unit", "status", "reason", "detail"):
        table.add_column(heading, overflow="fold")
    for row in flawed[:SHOWN]:
        table.add_row(
            row.unit, row.status, row.reason, Text(row.detail)
        )  # Text: it may quote a file, and rich would read brackets as markup
    if len(flawed) > SHOWN:
        table.caption = f"and {len(flawed) - SHOWN} more in data/status/{stage}.parquet"
    for reason, count in fine.most_common():
        detail = next(row.detail for row in rows if (row.status, row.reason) == ("ok", reason))
        table.add_row(f"{count:,} units" if count > 1 else "1 unit", "ok", reason, Text(detail))
    Console(stderr=True).print(table)
