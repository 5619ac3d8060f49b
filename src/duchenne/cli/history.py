"""`duchenne history`: all runs that the repository knows, with their headline."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from duchenne.pipeline import revisions

FIGURES = ("balanced_accuracy", "ci_low", "ci_high", "auc", "length.auc", "length.gain_auc",
           "length.pairs_auc", "probe_first_frame", "clips", "subjects")  # fmt: skip
MARKS = ("optimistic", "padded")
_SUMMARY = "metrics/summary.json"


def runs(
    root: Path, *, dataset: str | None, model: str | None, since: datetime | None
) -> list[dict[str, Any]]:
    """A row for each experiment, branch and tag with figures, the newest first; those of one
    commit once. Filtered by data set, model and the day of the run."""
    rows, seen = [], set()
    for revision in revisions.known(root):
        text = revisions.git_file(root, revision.commit, _SUMMARY)
        at = datetime.fromtimestamp(revision.time, UTC)
        if text is None or revision.commit in seen or (since and at < since):
            continue
        seen.add(revision.commit)
        found = json.loads(text)
        run = found.get("run", {})
        if dataset in (None, run.get("dataset")) and model in (None, run.get("model")):
            rows.append(_row(revision, at, found))
    return rows


def _row(revision: revisions.Revision, at: datetime, found: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"run": revision.name, "kind": revision.kind, "day": f"{at:%Y-%m-%d}"}
    row |= {name: found.get("run", {}).get(name, "") for name in ("dataset", "model", "fusion",
                                                                  "protocol")}  # fmt: skip
    row["marks"] = " ".join(mark for mark in MARKS if found.get(mark))
    for name in FIGURES:
        value: Any = found
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""
        row[name] = value
    return row


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """For the terminal, without what fits no line."""
    heads = {"run": "run", "day": "day", "dataset": "data set", "model": "model",
             "fusion": "fusion", "marks": "marks", "balanced_accuracy": "balanced", "auc": "auc",
             "length.gain_auc": "over length", "length.pairs_auc": "equal length"}  # fmt: skip
    found = Table(*heads.values())
    for row in rows:
        cells = (row[name] for name in heads)
        found.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells))
    return found


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["run"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
