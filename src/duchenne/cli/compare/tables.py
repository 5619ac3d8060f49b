"""What a comparison looks like: on the terminal, as CSV, Markdown and LaTeX, and as a chart."""

import io
from csv import DictWriter
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from duchenne.cli.compare import Comparison, Row, signed
from duchenne.evaluation.paired import MEASURES
from duchenne.tables.files import write_bytes

WORDS = {
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC within folds",
    "pairs_auc": "AUC at equal length",
}
USUAL = {
    "mcnemar": "McNemar, clips",
    "resampled_t": "corrected t, folds",
    "delong": "DeLong, folds, by subject",
    "naive_t": "paired t, folds (as published)",
}


def tables(found: Comparison) -> list[Table]:
    """For the terminal: the primary tests, and what papers report."""
    groups = any(row.group for row in found.rows)
    title = "differences from the first, 95 % intervals; p by swapping subjects (Holm)"
    primary = Table(*(["group"] if groups else []), "run", "settings", "seeds",
                    title=title, title_justify="left")  # fmt: skip
    measures = [name for name in MEASURES if any(name in row.values for row in found.rows)]
    for name in measures:
        primary.add_column(WORDS[name])
    usual = Table("run", *USUAL.values(), title="p of usual tests, which take clips or folds for "
                  "independent", title_justify="left")  # fmt: skip
    for row in found.rows:
        config = row.config
        marks = "".join(f" {mark.upper()}" for mark in config.marks)
        cells = [_cell(row, name) for name in measures]
        start = [row.group] if groups else []
        primary.add_row(*start, config.name + marks, config.label, str(len(config.runs)), *cells)
        if row.usual:
            usual.add_row(config.label or config.name, *(_p(row.usual.get(name)) for name in USUAL))
    return [primary, usual] if usual.row_count else [primary]


def _cell(row: Row, name: str) -> str:
    if name not in row.values:
        return ""
    text = f"{row.values[name]:.3f}"
    if test := row.tests.get(name):
        text += f"\n{signed(test)}\np {_p(test.p)} ({_p(row.adjusted[name])})"
    return text


def _p(value: float | None) -> str:
    return "" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def records(found: Comparison) -> list[dict[str, Any]]:
    """A row for each configuration, with every figure, for CSV."""
    rows = []
    for row in found.rows:
        record: dict[str, Any] = {
            "run": row.config.name, "group": row.group, "settings": row.config.label,
            **row.config.run, "seeds": len(row.config.runs), "marks": " ".join(row.config.marks),
            "clips": len(row.config.rows[0]),
        }  # fmt: skip
        for name in MEASURES:
            record[name] = _digits(row.values.get(name))
            test = row.tests.get(name)
            for end in ("difference", "low", "high", "p"):
                record[f"{name}_{end}"] = _digits(getattr(test, end) if test else None)
            record[f"{name}_p_holm"] = _digits(row.adjusted.get(name))
        rows.append(record | {f"p_{name}": _digits(row.usual.get(name)) for name in USUAL})
    return rows


def _digits(value: float | None) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.6f}"


def as_csv(found: Comparison) -> str:
    rows, out = records(found), io.StringIO()
    writer = DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _short(found: Comparison) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of a paper's table: figures in per cent, differences with intervals."""
    measures = [name for name in MEASURES if any(name in row.values for row in found.rows)]
    groups = any(row.group for row in found.rows)
    heads = [*(["group"] if groups else []), "model", *(WORDS[name] for name in measures)]
    heads += ["difference", "p (Holm)"]
    body = []
    for row in found.rows:
        run = row.config.run
        model = run["model"] if run["fusion"] == "none" else f"{run['model']}, {run['fusion']}"
        model += "".join(f" ({mark})" for mark in row.config.marks)
        cells = [f"{100 * row.values[name]:.1f}" if name in row.values else "" for name in measures]
        test = row.tests.get("balanced_accuracy")
        difference = ""
        if test:
            difference = (
                f"{100 * test.difference:+.1f} [{100 * test.low:+.1f}, {100 * test.high:+.1f}]"
            )
        p = _p(row.adjusted.get("balanced_accuracy"))
        body.append([*([row.group] if groups else []), model, *cells, difference, p])
    return heads, body


def as_markdown(found: Comparison) -> str:
    heads, body = _short(found)
    lines = [heads, ["---"] * len(heads), *body]
    return "".join(f"| {' | '.join(_escaped(cell, '|') for cell in line)} |\n" for line in lines)


def as_latex(found: Comparison) -> str:
    heads, body = _short(found)
    lines = [" & ".join(_escaped(c, "&%_#$") for c in line) + r" \\" for line in [heads, *body]]
    columns = "l" + "r" * (len(heads) - 1)
    parts = [rf"\begin{{tabular}}{{{columns}}}", r"\hline", lines[0], r"\hline", *lines[1:]]
    return "\n".join([*parts, r"\hline", r"\end{tabular}", ""])


def _escaped(text: str, special: str) -> str:
    return "".join(f"\\{letter}" if letter in special else letter for letter in text)


def chart(found: Comparison) -> dict[str, Any]:
    """Differences from the reference with intervals, as a Vega-Lite chart."""
    rows = [
        {"run": row.config.label or row.config.name, "measure": WORDS[name], "group": row.group,
         "difference": t.difference, "low": t.low, "high": t.high}
        for row in found.rows for name, t in row.tests.items() if np.isfinite(t.low)
    ]  # fmt: skip
    y = {"field": "run", "type": "nominal", "title": None, "sort": None}
    x = {"type": "quantitative", "title": "difference"}
    layer = [
        {"mark": {"type": "rule", "strokeDash": [3, 3]}, "encoding": {"x": {"datum": 0}}},
        {"mark": "rule", "encoding": {"y": y, "x": x | {"field": "low"}, "x2": {"field": "high"}}},
        {"mark": {"type": "point", "filled": True, "size": 60},
         "encoding": {"y": y, "x": x | {"field": "difference"}}},
    ]  # fmt: skip
    facets = {"column": {"field": "measure", "type": "nominal", "title": None, "sort": None}}
    if any(row["group"] for row in rows):
        facets["row"] = {"field": "group", "type": "nominal", "title": None}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": rows}, "facet": facets, "spec": {"layer": layer, "width": 220},
    }  # fmt: skip


def write(
    found: Comparison,
    *,
    csv: Path | None,
    markdown: Path | None,
    latex: Path | None,
    plot: Path | None,
) -> None:
    """Write what was asked for, each file at once or not at all."""
    for path, text in ((csv, as_csv), (markdown, as_markdown), (latex, as_latex)):
        if path:
            write_bytes(path, text(found).encode())
    if plot:
        import vl_convert

        spec = chart(found)
        if plot.suffix == ".svg":
            write_bytes(plot, vl_convert.vegalite_to_svg(spec).encode())
        else:
            write_bytes(plot, vl_convert.vegalite_to_png(spec, scale=2.0))
