"""The card of a model: what it was trained and tested on, its figures, and what it is not for."""

from typing import Any

from duchenne.report.figures import methods
from duchenne.report.files import Files

_NOT_FOR = """## Not for

* Telling whether a person is honest, or what they feel. The figure says how like a smile is to the
  spontaneous ones of this data set.
* Decisions about people: hiring, credit, policing, border control, grading, insurance.
* Faces, cameras and occasions unlike those of the data set; what it gives there was never tested.
"""


def card(files: Files) -> str:
    """Markdown, from what ran."""
    scores = files.scores
    run, pooled, length = scores["run"], scores["pooled"], scores.get("length", {})
    rows = [f"| all test clips | {scores['clips']} | {scores['subjects']} | {_figures(pooled)} |"]
    for name, values in scores.get("groups", {}).items():
        for value, found in values.items():
            counts = f"{found['clips']} | {found['subjects']}"
            rows.append(f"| {_cell(name)}: {_cell(value)} | {counts} | {_figures(found)} |")
    marks = [mark for mark in ("optimistic", "padded") if scores.get(mark)]
    lines = [
        f"# {_cell(run['model'])} on {_cell(run['dataset'])}", "", methods(files), "",
        f"Marks: {', '.join(marks)}." if marks else "",
        "RENDERED: the figures say nothing about real smiles." if run["dataset"] == "demo" else "",
        "", "## Figures", "",
        "| part | clips | subjects | balanced accuracy | AUC |", "|---|---|---|---|---|", *rows, "",
        _length(length), "",
        "## Limits", "",
        "Clips that miss the limits of quality, or in which no smile is found, get no answer.",
        "The licence of the data set holds for what was learnt from it, too: ask its owners.",
        "", _NOT_FOR,
    ]  # fmt: skip
    return "\n".join(lines)


def _figures(found: dict[str, Any]) -> str:
    cells = []
    for name in ("balanced_accuracy", "auc"):
        low, high = (found.get(f"{name}_{end}") for end in ("low", "high"))
        ends = "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
        cells.append(f"{found[name]:.3f}{ends}" if name in found else "")
    return " | ".join(cells)


def _length(length: dict[str, Any]) -> str:
    if "gain_auc" not in length:
        return f"Length: not probed, {length.get('not_probed', 'no length')}."
    alone, gain = length["auc"], length["gain_auc"]
    said = f"Length alone has an AUC of {alone:.3f}, the model {gain:+.3f} more"
    if "pairs_auc" in length:
        said += f"; between clips of equal length it has {length['pairs_auc']:.3f}"
    return f"{said}."


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
