"""Probes: they find what gives labels away, and nothing where nothing does."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from duchenne.evaluation.summary import Run
from duchenne.tables import parquet
from duchenne.tables.predictions import PROBES
from stages.aggregate import score
from stages.probes import probe
from tests.make.fold_cases import clip
from tests.training.test_fold import write_landmarks

PEOPLE = 24


def clips(kind: str = "video") -> pa.Table:
    return pa.table(
        {
            "clip": [f"c{n:02d}" for n in range(2 * PEOPLE)],
            "subject": [f"s{n // 2:02d}" for n in range(2 * PEOPLE)],
            "label": [n % 2 for n in range(2 * PEOPLE)],
            "kind": [kind] * (2 * PEOPLE),
        }
    )


def folds(count: int = 3) -> pa.Table:
    rows = []
    for fold in range(count):
        for n in range(2 * PEOPLE):
            turn = (n // 2 - fold) % count
            role = "test" if turn == 0 else "val" if n // 2 % 7 == 1 and turn else "train"
            rows.append({"fold": str(fold), "clip": f"c{n:02d}", "role": role})
    return pa.Table.from_pylist(rows)


def write(folder: Path, *, longer: int = 0, wider: float = 0.0) -> Path:
    """Landmarks at rest; spontaneous clips last longer or show another face by so much."""
    folder.mkdir()
    for n in range(2 * PEOPLE):
        made = clip(f"c{n:02d}", frames=10 + n % 3 + longer * (n % 2))
        write_landmarks(folder / f"c{n:02d}.parquet", made._replace(xyz=made.xyz + wider * (n % 2)))
    return folder


def scores(found: dict[str, list[Any]], count: int = 3) -> dict[str, float]:
    rows = pa.table(found)
    facts = {str(fold): {"optimistic": False, "parameters": 2} for fold in range(count)}
    given = rows.filter(pa.compute.equal(rows["probe"], rows["probe"][0]))
    run = Run("mine", "mesh", "none", "nested")
    figures = score(given.drop_columns("probe"), facts, run=run, groups=[], probes=rows)
    return {name: one["balanced_accuracy"] for name, one in figures["probes"].items()}


@pytest.mark.parametrize(
    ("confound", "gives_away"),
    [({}, None), ({"longer": 5}, "duration"), ({"wider": 0.5}, "first_frame")],
)
def test_a_probe_finds_its_confound_and_no_other(confound, gives_away, tmp_path: Path):
    found = probe(folds(), clips(), write(tmp_path / "landmarks", **confound), neutral_s=0.2)
    for name, reached in scores(found).items():
        if name == gives_away:
            assert reached > 0.95
        else:
            assert 0.25 < reached < 0.75


def test_each_test_clip_is_probed_once_by_each(tmp_path: Path):
    found = probe(folds(), clips(), write(tmp_path / "landmarks"), neutral_s=0.2)
    pairs = list(zip(found["probe"], found["clip"], strict=True))
    assert len(pairs) == len(set(pairs)) == 2 * 2 * PEOPLE
    assert set(found["role"]) == {"test"}
    np.testing.assert_allclose(np.add(found["p_0"], found["p_1"]), 1.0)
    table = parquet.conform(PROBES, found)
    assert table.num_rows == len(pairs)


def test_what_is_told_of_a_test_clip_does_not_depend_on_its_label(tmp_path: Path):
    landmarks = write(tmp_path / "landmarks")
    whole = probe(folds(), clips(), landmarks, neutral_s=0.2)
    tested = {
        row["clip"] for row in folds().to_pylist() if (row["fold"], row["role"]) == ("0", "test")
    }
    table = clips()
    names, given = table["clip"].to_pylist(), table["label"].to_pylist()
    labels = [1 - label if name in tested else label
              for name, label in zip(names, given, strict=True)]  # fmt: skip
    other = probe(folds(), table.set_column(2, "label", [labels]), landmarks, neutral_s=0.2)
    of_fold = [n for n, fold in enumerate(whole["fold"]) if fold == "0"]
    assert [whole["p_1"][n] for n in of_fold] == [other["p_1"][n] for n in of_fold]


def test_photographs_have_neither_length_nor_rest(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO"):
        found = probe(folds(), clips("image"), write(tmp_path / "landmarks"), neutral_s=0.2)
    assert parquet.conform(PROBES, found).num_rows == 0
    assert "nothing to probe" in caplog.text


def test_clips_without_landmarks_cannot_be_probed(tmp_path: Path):
    (tmp_path / "landmarks").mkdir()
    found = probe(folds(), clips("dmarkers"), tmp_path / "landmarks", neutral_s=0.2)
    assert parquet.conform(PROBES, found).num_rows == 0
