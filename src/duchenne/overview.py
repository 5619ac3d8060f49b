"""`duchenne status`: the data set and what became of its clips, in two small tables."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from duchenne.errors import listed
from duchenne.flow.gate import read_status
from duchenne.typed_yaml import read_yaml

DEMO_NOTE = "The demo is rendered, not filmed: its figures say nothing about real smiles."


def show(root: Path, console: Console) -> None:
    """Print the summary of the data set and of each stage's status table."""
    report = root / "data" / "reports" / "dataset.json"
    if not report.exists():
        console.print("no data set has been indexed here; run `dvc repro` in the project's folder")
        return
    facts = json.loads(report.read_text(encoding="utf-8"))
    console.print(_dataset(facts))
    console.print(_stages(root, demo=facts["dataset"] == "demo"))
    quality = root / "data" / "reports" / "quality.json"
    if quality.exists():
        rated = json.loads(quality.read_text(encoding="utf-8"))
        left_out = ", ".join(f"{count} {reason}" for reason, count in rated["excluded"].items())
        console.print(
            f"{rated['used']} of {rated['clips']} clips are used"
            + (f"; left out: {left_out}" if left_out else "")
        )
    summary = root / "metrics" / "summary.json"
    if summary.exists():
        found = json.loads(summary.read_text(encoding="utf-8"))
        console.print(_scores(found))
        if "groups" in found:
            console.print(_groups(found["groups"]))
    if facts["dataset"] == "demo":
        console.print(DEMO_NOTE)


def _dataset(facts: dict[str, object]) -> Table:
    table = Table("data set", "value", title_justify="left")
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{count} {key}" for key, count in value.items())  # noqa: PLW2901
        if isinstance(value, list):
            value = listed(value)  # noqa: PLW2901
        if value not in ("", None):
            table.add_row(name.replace("_", " "), f"{value}")
    return table


def _scores(found: dict[str, Any]) -> Table:
    """The pooled scores of all test clips."""
    title = "all test clips"
    if found.get("optimistic"):
        title += ", OPTIMISTIC: the epoch was chosen on them (protocol: published)"
    table = Table("score", "value", title=title, title_justify="left")
    for name, value in found["pooled"].items():
        table.add_row(name.replace("_", " "), f"{value:.3f}")
    table.add_row("share of the commonest class", f"{found['majority']:.3f}")
    for name, scores in found.get("probes", {}).items():
        table.add_row(f"probe: {name.replace('_', ' ')}", _with_interval(scores))
    return table


def _with_interval(scores: dict[str, float]) -> str:
    """A probe's balanced accuracy, `0.512 (0.430 to 0.590)`."""
    low, high = (scores.get(f"balanced_accuracy_{end}") for end in ("low", "high"))
    interval = "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
    return f"{scores['balanced_accuracy']:.3f}{interval}"


def _groups(found: dict[str, dict[str, Any]]) -> Table:
    """The scores of each group, with how many they rest on; none where it shows one class."""
    names = ("clips", "subjects", "accuracy", "balanced_accuracy")
    table = Table("group", *(name.replace("_", " ") for name in names), title_justify="left")
    for column, groups in found.items():
        for group, figures in groups.items():
            cells = (figures.get(name, "") for name in names)
            words = (f"{cell:.3f}" if isinstance(cell, float) else f"{cell}" for cell in cells)
            table.add_row(f"{column} {group}".replace("_", " "), *words)
    return table


def _stages(root: Path, *, demo: bool) -> Table:
    table = Table("stage", "ok", "partial", "failed", "reasons")
    names = read_yaml(root / "dvc.yaml")["stages"] if (root / "dvc.yaml").exists() else {}
    for name in names:
        path = root / "data" / "status" / f"{name}.parquet"
        if not path.exists() or (name == "demo" and not demo):
            continue
        rows = read_status(path)
        if not rows:  # nothing to do for this model
            continue
        counts = Counter(row.status for row in rows)
        reasons = Counter(row.reason for row in rows if row.reason).most_common()
        words = ", ".join(f"{count} {reason}" for reason, count in reasons)
        table.add_row(path.stem, *(str(counts[s]) for s in ("ok", "partial", "failed")), words)
    return table
