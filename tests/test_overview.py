"""What `duchenne status` shows of a data set and of figures."""

import io
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from duchenne import overview

SUMMARY: dict[str, Any] = {"clips": 7, "majority": 0.571, "pooled": {"accuracy": 0.857}}
GROUPS = {
    "age_group": {"young": {"clips": 4, "subjects": 2, "accuracy": 0.75, "auc": 1.0}},
    "gender": {"female": {"clips": 5, "subjects": 3, "accuracy": 0.8, "balanced_accuracy": 0.775}},
}


def test_long_lists_are_cut_and_counts_read_as_words(tmp_path: Path):
    facts = {
        "dataset": "bbc",
        "against_published": {"clips": -2, "posed": -2},
        "missing": [f"the clip of q{n:02d}" for n in range(1, 9)],
        "not_in_labels": [],
    }
    report = tmp_path / "data/reports/dataset.json"
    report.parent.mkdir(parents=True)
    report.write_text(json.dumps(facts))
    console = Console(width=200, record=True)
    overview.show(tmp_path, console)
    said = console.export_text()
    assert "-2 clips, -2 posed" in said
    assert "the clip of q05 and 3 more" in said
    assert "q06" not in said
    assert "not in labels" not in said


def told(root: Path, summary: dict[str, Any]) -> str:
    (root / "data/reports").mkdir(parents=True)
    (root / "data/reports/dataset.json").write_text(json.dumps({"dataset": "mine"}))
    (root / "metrics").mkdir()
    (root / "metrics/summary.json").write_text(json.dumps(summary))
    page = io.StringIO()
    overview.show(root, Console(file=page, width=100))
    return " ".join(page.getvalue().replace("│", " ").split())


def test_each_group_has_its_scores_and_how_many_they_rest_on(tmp_path: Path):
    page = told(tmp_path, {**SUMMARY, "groups": GROUPS})
    assert "gender female 5 3 0.800 0.775" in page
    assert "age group young 4 2 0.750" in page


def test_without_groups_there_is_no_such_table(tmp_path: Path):
    assert "subjects" not in told(tmp_path, SUMMARY)
