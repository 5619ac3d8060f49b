"""The page about a run: what a set brings is text, nothing is loaded, and gaps are said."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from duchenne.cli import report
from duchenne.dmarkers.names import COLUMNS
from duchenne.errors import StageError
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.dmarkers import DMARKERS
from duchenne.tables.quality import QUALITY

CLIP, GROUP = "<img src=x onerror=alert(1)>", '"><script>alert(2)</script>'
RUN = {"dataset": "mine", "model": "mesh", "fusion": "film", "protocol": "nested"}
SCORES: dict[str, Any] = {
    "run": RUN, "clips": 40, "subjects": 10, "majority": 0.5,
    "pooled": {"balanced_accuracy": 0.75, "balanced_accuracy_low": 0.6,
               "balanced_accuracy_high": 0.9, "auc": 0.8, "ece": 0.1},
    "length": {"auc": 0.6, "gain_auc": 0.2, "gain_auc_low": 0.1, "gain_auc_high": 0.3,
               "pairs_auc": 0.77},
    "groups": {GROUP: {GROUP: {"clips": 4, "subjects": 2, "accuracy": 0.5}}},
    "calibration": {"not_calibrated": "few subjects"},
}  # fmt: skip


def filled(table: parquet.Table, count: int, **columns: Any) -> pa.Table:
    """A table with these columns, and nothing in particular in the others."""
    found: dict[str, Any] = {}
    for column in table.columns:
        kind = column.type
        blank = True if pa.types.is_boolean(kind) else "" if pa.types.is_string(kind) else 0
        found[column.name] = [blank] * count
    return pa.table(found | columns)


def put(root: Path, path: str, content: object) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A run of 40 clips; a feature of the mouth differs between classes, and another is scarce."""
    rng, count = np.random.default_rng(0), 40
    label = np.arange(count) % 2
    names = [CLIP, *(f"c{number:02d}" for number in range(1, count))]
    put(tmp_path, "data/reports/scores.json", SCORES)
    put(tmp_path, "data/reports/dataset.json", {"dataset": "mine", "kinds": {GROUP: 3}})
    put(tmp_path, "data/reports/audit.json",
        {"verdict": True, "training": ["train"], "folds": {"1": {}}, "subjects": 10})  # fmt: skip
    put(tmp_path, "metrics/plots/folds.csv", "fold,accuracy,balanced_accuracy,auc\n1,0.7,,0.8\n")
    put(tmp_path, "metrics/plots/roc.csv",
        "false_positive_rate,true_positive_rate,threshold\n0,0,\n0.2,0.9,0.5\n1,1,0\n")  # fmt: skip
    put(tmp_path, "metrics/plots/training.csv",
        "fold,epoch,part,loss\n1,1,train,0.7\n1,2,train,0.5\n1,2,val,\n")  # fmt: skip
    smiles = "label,time,mean,low,high,clips\nposed,0,0.5,0.4,0.6,3\nposed,1,0.6,0.5,0.7,3\n"
    put(tmp_path, "metrics/plots/smiles.csv", smiles)
    clips = filled(CLIPS, count, clip=names, label=label.tolist(),
                   label_name=[("posed", "spontaneous")[k] for k in label.tolist()],
                   subject=[f"s{n // 4}" for n in range(count)])  # fmt: skip
    parquet.write(CLIPS, tmp_path / "data/clips.parquet", clips)
    features: dict[str, Any] = {name: rng.normal(0.0, 1.0, count) for name in COLUMNS}
    features["mouth_onset_dur"] = label + rng.normal(0.0, 0.1, count)
    features["eyes_apex_net"] = np.where(np.arange(count) < 6, label * 1.0, np.nan)
    rows = filled(DMARKERS, count, clip=names, seconds=(2.0 + label).tolist(), **features)
    parquet.write(DMARKERS, tmp_path / "data/dmarkers.parquet", rows)
    used = [number > 0 for number in range(count)]
    quality = filled(QUALITY, count, clip=names, used=used, reason=["cut"] + [""] * (count - 1),
                     detail=["cut at 1 s"] + [""] * (count - 1))  # fmt: skip
    parquet.write(QUALITY, tmp_path / "data/quality.parquet", quality)
    return tmp_path


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def written(root: Path) -> str:
    assert report.write(root, None) == root / "metrics/report.html"
    return (root / "metrics/report.html").read_text(encoding="utf-8")


def test_the_page_says_what_the_run_came_to(mine: Path):
    words = re.sub(r"\s+", " ", " ".join(Tags(written(mine)).words))
    assert (
        "mesh with fusion film on mine reaches a balanced accuracy of 0.750 (0.600 to 0.900)"
        in words
    )
    assert (
        "the model adds +0.200 (0.100 to 0.300). Between clips of equal length its AUC is 0.770"
        in words
    )
    assert "1 of 40 clips: 1 cut." in words
    assert "mouth_onset_dur 1.000" in words, "the feature that differs stands first"
    assert "eyes_apex_net" not in words, "six values of forty say little"
    assert "not calibrated: few subjects" in words
    assert "No fold has learnt from its test subjects" in words
    assert "We used duchenne with the data set mine: 40 clips of 10 subjects" in words
    assert "OPTIMISTIC" not in words


@pytest.mark.parametrize("mark", ["optimistic", "padded"])
def test_what_flatters_is_marked(mine: Path, mark: str):
    put(mine, "data/reports/scores.json", SCORES | {mark: 1})
    assert f"{mark.upper()}: " in written(mine)


def test_names_that_a_set_brings_are_text(mine: Path):
    page = Tags(written(mine))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 1
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert CLIP in page.words
    assert GROUP in page.words


def test_nothing_is_loaded_and_charts_have_words(mine: Path):
    text = written(mine)
    for _, attributes in Tags(text).tags:
        for name in ("src", "href", "xlink:href", "action"):
            assert not (attributes.get(name) or "").startswith(("http", "//"))
    assert "default-src 'none'" in text
    charts = re.findall(r"<svg [^>]*>", text)
    assert len(charts) >= 4
    assert all('role="img" aria-label="' in svg for svg in charts)


def test_what_a_set_lacks_is_said(mine: Path):
    """Photographs with seven classes have no length, no smile and no Duchenne Markers."""
    put(mine, "data/reports/scores.json",
        {**SCORES, "length": {"not_probed": "more than two classes"}, "groups": {}})  # fmt: skip
    for path in ("data/dmarkers.parquet", "data/quality.parquet", "metrics/plots/smiles.csv",
                 "metrics/plots/training.csv", "data/reports/audit.json"):  # fmt: skip
        (mine / path).unlink()
    text = written(mine)
    for words in ("Length: not probed, more than two classes.", "No clip has a length.",
                  "there is no data/quality.parquet", "No smile was measured",
                  "compared between two classes alone", "without epochs", "no groups",
                  "There is no audit"):  # fmt: skip
        assert words in text.replace("&#x27;", "'"), words


def test_without_scores_there_is_one_sentence(tmp_path: Path):
    with pytest.raises(StageError, match=r"no data/reports/scores.json yet; run `dvc repro`"):
        report.write(tmp_path, None)
    assert not (tmp_path / "metrics").exists()
