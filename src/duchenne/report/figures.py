"""Sections about the figures: the verdict, folds and groups, curves, length, audit, settings."""

from collections.abc import Iterator, Mapping
from typing import Any

from duchenne.report import page
from duchenne.report.data import COLOURS
from duchenne.report.files import Files, Row

_WORDS = {
    "optimistic": "OPTIMISTIC: the epoch was chosen on the test clips (protocol: published).",
    "padded": "PADDED: zeros after a clip's end tell how long it is (window.pad: zeros).",
}


def verdict(files: Files) -> Iterator[str]:
    scores = files.scores
    run, pooled = scores["run"], scores["pooled"]
    fusion = "" if run["fusion"] == "none" else f" with fusion {run['fusion']}"
    ends = _ends(pooled, "balanced_accuracy")
    yield page.paragraph(
        f"{run['model']}{fusion} on {run['dataset']} reaches a balanced accuracy of "
        f"{pooled.get('balanced_accuracy', float('nan')):.3f}{ends} on {scores['clips']} test "
        f"clips of {scores['subjects']} subjects that it has not seen; the commonest class is "
        f"{scores['majority']:.3f} of them.",
        kind="verdict",
    )
    length = scores.get("length", {})
    if "gain_auc" in length:
        yield page.paragraph(
            f"Length alone has an AUC of {length['auc']:.3f}; the model adds "
            f"{length['gain_auc']:+.3f}{_ends(length, 'gain_auc')}."
            + (f" Between clips of equal length its AUC is {length['pairs_auc']:.3f}"
               f"{_ends(length, 'pairs_auc')}." if "pairs_auc" in length else "")
        )  # fmt: skip
    else:
        yield page.paragraph(f"Length: not probed, {length.get('not_probed', 'no length')}.")
    for mark, words in _WORDS.items():
        if scores.get(mark):
            yield page.paragraph(words, kind="mark")
    if run["dataset"] == "demo":
        yield page.paragraph(
            "RENDERED: the demo's figures say nothing about real smiles.", kind="mark"
        )


def sections(files: Files) -> Iterator[str]:
    scores = files.scores
    yield page.section("Folds", *_folds(files))
    yield page.section("Groups", *_groups(scores))
    yield page.section("All scores", *_scores(scores))
    yield page.section("ROC, calibration and confusion", *_curves(files))
    yield page.section("Training", *_training(files))
    yield page.section("Audit", *_audit(files))
    yield page.section("Settings", *_settings(files))
    yield page.section("Methods, ready to paste", page.preformatted(methods(files)))


def methods(files: Files) -> str:
    """What was done, in a paragraph, from what ran."""
    scores = files.scores
    run, length = scores["run"], scores.get("length", {})
    train = files.json("data/params/train.json")
    how = files.json("data/params/folds.json").get("folds", {})
    window = train.get("window", {})
    chosen = {
        "nested": "The epoch was chosen on validation subjects within each training part.",
        "published": "As in earlier work the epoch was chosen on the test part, which flatters it.",
    }[run["protocol"]]
    parts = [
        f"We used duchenne with the data set {run['dataset']}: {scores['clips']} clips of "
        f"{scores['subjects']} subjects were tested, each once, in folds without common subjects "
        f"({how.get('scheme', 'stratified')}).",
        f"The model was {run['model']}"
        + ("." if run["fusion"] == "none" else f" with the fusion {run['fusion']}."),
        f"It saw windows of {window.get('frames')} frames at {window.get('fps')} a second."
        if window else "",
        chosen,
        f"Balanced accuracy over all test clips was {scores['pooled']['balanced_accuracy']:.3f}"
        f"{_ends(scores['pooled'], 'balanced_accuracy')} (95 % bootstrap over subjects).",
        f"The length of the clips alone had an AUC of {length['auc']:.3f}, the model "
        f"{length['gain_auc']:+.3f} more." if "gain_auc" in length else "",
    ]  # fmt: skip
    return " ".join(part for part in parts if part)


def _folds(files: Files) -> Iterator[str]:
    rows = files.csv("metrics/plots/folds.csv")
    if not rows:
        yield page.paragraph("There is no table of folds.")
        return
    parts = files.json("data/reports/folds.json").get("folds", {})
    heads = ["fold", "trains", "validates", "tests", "accuracy", "balanced accuracy", "AUC"]
    body = []
    for row in rows:
        sizes = [
            _size(parts.get(row["fold"], {}).get(role, {})) for role in ("train", "val", "test")
        ]
        figures = [_number(row.get(name, "")) for name in ("accuracy", "balanced_accuracy", "auc")]
        body.append([row["fold"], *sizes, *figures])
    yield page.table(heads, body, caption="each fold: clips (subjects), and its test scores")


def _size(part: Mapping[str, Any]) -> str:
    return f"{part['clips']} ({part['subjects']})" if part else ""


def _number(cell: str) -> object:
    return float(cell) if cell else ""


def _groups(scores: Row) -> Iterator[str]:
    groups = scores.get("groups", {})
    if not groups:
        yield page.paragraph("The clips' table has no groups.")
        return
    rows = [
        (name.replace("_", " "), value, found["clips"], found["subjects"],
         found.get("accuracy", ""), found.get("balanced_accuracy", ""), found.get("auc", ""))
        for name, values in groups.items() for value, found in values.items()
    ]  # fmt: skip
    heads = ("group", "value", "clips", "subjects", "accuracy", "balanced accuracy", "AUC")
    yield page.table(heads, rows, caption="scores within groups", sortable=True)


def _scores(scores: Row) -> Iterator[str]:
    pooled = scores["pooled"]
    rows = [(name.replace("_", " "), f"{value:.3f}{_ends(pooled, name)}")
            for name, value in pooled.items() if not name.endswith(("_low", "_high"))]  # fmt: skip
    for name, probe in scores.get("probes", {}).items():
        words = f"probe: {name.replace('_', ' ')}"
        rows.append((words, f"{probe['balanced_accuracy']:.3f}{_ends(probe, 'balanced_accuracy')}"))
    yield page.table(("score", "value"), rows, caption="all test clips together")
    calibration = scores.get("calibration", {})
    if why := calibration.get("not_calibrated"):
        yield page.paragraph(f"Probabilities were not calibrated: {why}.")
    elif calibration:
        yield page.paragraph(
            f"Temperatures change the log loss from {calibration['log_loss']:.3f} to "
            f"{calibration['log_loss_calibrated']:.3f}."
        )


def _curves(files: Files) -> Iterator[str]:
    rates = [{k: float(row[k]) for k in ("false_positive_rate", "true_positive_rate")}
             for row in files.csv("metrics/plots/roc.csv")]  # fmt: skip
    if rates:
        axis = {"type": "quantitative", "scale": {"domain": [0, 1]}}
        yield page.chart(
            {
                "data": {"values": rates}, "width": 260, "height": 260,
                "mark": {"type": "line", "interpolate": "linear"},
                "encoding": {
                    "x": axis | {"field": "false_positive_rate", "title": "false positive rate"},
                    "y": axis | {"field": "true_positive_rate", "title": "true positive rate"},
                    "order": {"field": "false_positive_rate"},
                },
            },
            says=f"ROC of all test clips, AUC {files.scores['pooled'].get('auc', 0.5):.3f}.",
        )  # fmt: skip
    bins = [
        {k: float(v) for k, v in row.items()} for row in files.csv("metrics/plots/calibration.csv")
    ]
    if bins:
        axis = {"type": "quantitative", "scale": {"domain": [0, 1]}}
        ece = files.scores["pooled"].get("ece", float("nan"))
        yield page.chart(
            {
                "data": {"values": bins}, "width": 260, "height": 260,
                "mark": {"type": "point", "filled": True},
                "encoding": {
                    "x": axis | {"field": "probability", "title": "stated probability"},
                    "y": axis | {"field": "share", "title": "share that came true"},
                    "size": {"field": "clips", "type": "quantitative"},
                },
            },
            says=f"Calibration: a perfect model is on the diagonal. Mean error {ece:.3f}.",
        )  # fmt: skip
    counts: dict[tuple[str, str], int] = {}
    for row in files.csv("metrics/plots/confusion.csv"):
        counts[row["actual"], row["predicted"]] = (
            counts.get((row["actual"], row["predicted"]), 0) + 1
        )
    names = sorted({name for pair in counts for name in pair})
    if names:
        rows = [(name, *(counts.get((name, other), 0) for other in names)) for name in names]
        yield page.table(("actual", *(f"told {name}" for name in names)), rows, caption="confusion")


def _training(files: Files) -> Iterator[str]:
    rows = [
        {"fold": row["fold"], "part": row["part"], "epoch": int(row["epoch"]),
         "loss": float(row["loss"])}
        for row in files.csv("metrics/plots/training.csv") if row["loss"]
    ]  # fmt: skip
    if len({row["epoch"] for row in rows}) < 2:
        yield page.paragraph("This model is fitted in one go, without epochs.")
        return
    yield page.chart(
        {
            "data": {"values": rows}, "width": 420, "height": 220, "mark": "line",
            "encoding": {
                "x": {"field": "epoch", "type": "quantitative"},
                "y": {"field": "loss", "type": "quantitative", "scale": {"zero": False}},
                "color": {"field": "part", "type": "nominal", "scale": COLOURS},
                "detail": {"field": "fold"},
            },
        },
        says="Loss by epoch, a line for each fold and part.",
    )  # fmt: skip


def _audit(files: Files) -> Iterator[str]:
    audit = files.json("data/reports/audit.json")
    if not audit.get("verdict"):
        yield page.paragraph("There is no audit.")
        return
    learnt = " and ".join(audit.get("training", []))
    yield page.paragraph(
        f"No fold has learnt from its test subjects: weights and everything that was fitted are of "
        f"{learnt} clips ({len(audit['folds'])} folds, {audit['subjects']} subjects)."
    )


def _settings(files: Files) -> Iterator[str]:
    rows = [
        (name, found["value"], found.get("published", "the same"), found["source"])
        for name, found in files.json("data/params/published.json").items()
    ]
    if not rows:
        yield page.paragraph("There is no list of settings.")
        return
    heads = ("setting", "here", "published", "source")
    yield page.table(heads, rows, caption="settings that have a published value", sortable=True)


def _ends(scores: Mapping[str, Any], name: str) -> str:
    low, high = (scores.get(f"{name}_{end}") for end in ("low", "high"))
    return "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
