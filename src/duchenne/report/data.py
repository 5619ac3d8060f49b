"""Sections about the data: what the set holds, what was left out, smiles, Duchenne Markers."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial

import numpy as np

from duchenne.dmarkers.names import COLUMNS
from duchenne.errors import listed
from duchenne.evaluation import metrics
from duchenne.evaluation.intervals import draw, interval
from duchenne.report import page
from duchenne.report.files import Files

COLOURS = {"range": ["#1f5fa8", "#d1721b", "#1d7a46", "#a3123f", "#6b4fa0", "#7a7a1d", "#4d4d4d"]}
_SHOWN = 20  # Duchenne Markers
_ROUNDS = 500


def sections(files: Files) -> Iterator[str]:
    yield page.section("The data", *_set(files), *_lengths(files))
    yield page.section("What was left out", *_left_out(files))
    yield page.section("Smiles by class", *_smiles(files))
    yield page.section("Duchenne Markers that differ most", *_markers(files))


def _set(files: Files) -> Iterator[str]:
    facts = files.json("data/reports/dataset.json")
    rows = []
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{count} {key}" for key, count in value.items())  # noqa: PLW2901
        if isinstance(value, list):
            value = listed(map(str, value))  # noqa: PLW2901
        if value not in ("", None):
            rows.append((name.replace("_", " "), value))
    yield page.table(("fact", "value"), rows, caption="the data set")


def _lengths(files: Files) -> Iterator[str]:
    words = {clip["clip"]: clip["label_name"] for clip in files.clips}
    known = zip(
        files.dmarkers["clip"].to_pylist(), files.dmarkers["seconds"].to_pylist(), strict=True
    )
    rows = [{"class": words.get(clip, ""), "seconds": seconds} for clip, seconds in known
            if np.isfinite(seconds)]  # fmt: skip
    if not rows:
        yield page.paragraph("No clip has a length.")
        return
    mean = {name: np.mean([row["seconds"] for row in rows if row["class"] == name])
            for name in sorted({row["class"] for row in rows})}  # fmt: skip
    says = "Lengths of clips by class; means: "
    says += ", ".join(f"{name} {value:.2f} s" for name, value in mean.items())
    yield page.chart(
        {
            "data": {"values": rows}, "width": 420, "height": 160,
            "mark": {"type": "bar", "opacity": 0.6},
            "encoding": {
                "x": {"field": "seconds", "bin": {"maxbins": 30}, "title": "seconds"},
                "y": {"aggregate": "count", "stack": None, "title": "clips"},
                "color": {"field": "class", "type": "nominal", "scale": COLOURS},
            },
        },
        says=says,
    )  # fmt: skip


def _left_out(files: Files) -> Iterator[str]:
    out = [row for row in files.quality if not row["used"]]
    if not files.quality:
        yield page.paragraph("Nothing is known of it: there is no data/quality.parquet.")
    elif not out:
        yield page.paragraph(f"Nothing: all {len(files.quality)} clips are used.")
    else:
        counts = Counter(row["reason"] for row in out)
        told = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
        yield page.paragraph(f"{len(out)} of {len(files.quality)} clips: {told}.")
        rows = [(row["clip"], row["reason"], row["detail"]) for row in out]
        yield page.table(("clip", "reason", "detail"), rows, caption="clips that are not used",
                         sortable=True)  # fmt: skip
    remarked = [
        (row["clip"], row["remark"]) for row in files.quality if row["used"] and row["remark"]
    ]
    if remarked:
        yield page.table(("clip", "remark"), remarked, caption="clips that are used all the same")


def _smiles(files: Files) -> Iterator[str]:
    rows = [
        {
            "class": row["label"],
            **{name: float(row[name]) for name in ("time", "mean", "low", "high")},
        }
        for row in files.csv("metrics/plots/smiles.csv")
    ]
    if not rows:
        yield page.paragraph(
            "No smile was measured: photographs, or Duchenne Markers from elsewhere."
        )
        return
    x = {"field": "time", "type": "quantitative", "title": "seconds since the onset began"}
    colour = {"field": "class", "type": "nominal", "scale": COLOURS}
    y = {"type": "quantitative", "scale": {"zero": False}, "title": "lip signal, mouth widths"}
    yield page.chart(
        {
            "data": {"values": rows}, "width": 480, "height": 220,
            "layer": [
                {"mark": {"type": "area", "opacity": 0.2},
                 "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"},
                              "color": colour}},
                {"mark": "line", "encoding": {"x": x, "y": y | {"field": "mean"}, "color": colour}},
            ],
        },
        says="The mean smile of each class, with one standard deviation to each side.",
    )  # fmt: skip


def _markers(files: Files) -> Iterator[str]:
    words = {clip["clip"]: (clip["label"], clip["subject"]) for clip in files.clips}
    clips = [clip for clip in files.dmarkers["clip"].to_pylist() if clip in words]
    label = np.array([words[clip][0] for clip in clips], int)
    if len(set(label.tolist())) != 2:
        yield page.paragraph("They are compared between two classes alone.")
        return
    subject = np.array([words[clip][1] for clip in clips])
    table = files.dmarkers.filter(np.isin(files.dmarkers["clip"].to_pylist(), clips))
    found = []
    for name in COLUMNS:
        values = table[name].to_numpy()
        known = np.isfinite(values)
        if known.mean() < 0.5 or len(set(label[known].tolist())) < 2:  # it says little of the set
            continue
        positive = label[known] == label.max()
        area = float(metrics.areas(positive, values[known], np.ones((1, known.sum())))[0])
        found.append((abs(area - 0.5), area, name, values[known], positive, subject[known]))
    rows = []
    for _, area, name, values, positive, people in sorted(found, key=lambda row: -row[0])[:_SHOWN]:
        draws = draw(people, rounds=_ROUNDS)
        ends = interval(draws.of(partial(metrics.areas, positive, values)))
        low, high = ends or (float("nan"), float("nan"))
        means = [float(values[positive == side].mean()) for side in (False, True)]
        rows.append((name, area, low, high, *means, len(values)))
    names = defaultdict(str, {clip["label"]: clip["label_name"] for clip in files.clips})
    heads = ("Duchenne Marker", "AUC", "low", "high", f"mean {names[label.min()]}",
             f"mean {names[label.max()]}", "clips")  # fmt: skip
    yield page.paragraph(
        f"AUC of each alone: 0.5 tells nothing, 1 or 0 everything. Of {len(found)} the {_SHOWN} "
        "that are farthest from 0.5, with 95 % intervals (bootstrap over subjects). The farthest "
        "of so many are far by chance, too: look at the intervals, and at other data."
    )
    yield page.table(heads, rows, caption="Duchenne Markers that differ most", sortable=True)
