"""What `duchenne status` shows of a data set."""

import json
from pathlib import Path

from rich.console import Console

from duchenne.overview import show


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
    show(tmp_path, console)
    said = console.export_text()
    assert "-2 clips, -2 posed" in said
    assert "the clip of q05 and 3 more" in said
    assert "q06" not in said
    assert "not in labels" not in said
