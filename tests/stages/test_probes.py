"""Probes: they find what gives labels away, and nothing where nothing does."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

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


def write(folder: Path, *, wider: float = 0.0) -> Path:
    """Landmarks at rest; spontaneous clips show another face by so much."""
    folder.mkdir()
    for n in range(2 * PEOPLE):
        made = clip(f"c{n:02d}", frames=10)
        write_landmarks(folder / f"c{n:02d}.parquet", made._replace(xyz=made.xyz + wider * (n % 2)))
    return folder


def lengths(*, longer: float = 0.0) -> dict[str, float]:
    """Of each clip, in s; spontaneous clips last longer by so much."""
    return {f"c{n:02d}": 2.0 + 0.2 * (n % 3) + longer * (n % 2) for n in range(2 * PEOPLE)}


def scores(found: dict[str, list[Any]], count: int = 3) -> dict[str, float]:
    rows = pa.table(found)
    facts = {
        str(fold): {
            "optimistic": False,
            "padded": False,
            "temperature": 1.0,
            "not_calibrated": "few",
            "parameters": 2,
        }
        for fold in range(count)
    }
    given = rows.filter(pa.compute.equal(rows["probe"], rows["probe"][0]))
    run = Run("mine", "mesh", "none", "nested")
    figures = score(given.drop_columns("probe"), facts, run=run, groups=[], probes=rows)
    return {name: one["balanced_accuracy"] for name, one in figures["probes"].items()}


@pytest.mark.parametrize(
    ("confound", "gives_away"),
    [({}, None), ({"longer": 1.0}, "duration"), ({"wider": 0.5}, "first_frame")],
)
def test_a_probe_finds_its_confound_and_no_other(
    confound: dict[str, float], gives_away: str | None, tmp_path: Path
):
    landmarks = write(tmp_path / "landmarks", wider=confound.get("wider", 0.0))
    seconds = lengths(longer=confound.get("longer", 0.0))
    found = probe(folds(), clips(), landmarks, seconds=seconds, neutral_s=0.2)
    for name, reached in scores(found).items():
        if name == gives_away:
            assert reached > 0.95
        else:
            assert 0.25 < reached < 0.75


def test_each_test_clip_is_probed_once_by_each(tmp_path: Path):
    landmarks = write(tmp_path / "landmarks")
    found = probe(folds(), clips(), landmarks, seconds=lengths(), neutral_s=0.2)
    pairs = list(zip(found["probe"], found["clip"], strict=True))
    assert len(pairs) == len(set(pairs)) == 2 * 2 * PEOPLE
    assert set(found["role"]) == {"test"}
    np.testing.assert_allclose(np.add(found["p_0"], found["p_1"]), 1.0)
    table = parquet.conform(PROBES, found)
    assert table.num_rows == len(pairs)


def test_what_is_told_of_a_test_clip_does_not_depend_on_its_label(tmp_path: Path):
    landmarks = write(tmp_path / "landmarks")
    whole = probe(folds(), clips(), landmarks, seconds=lengths(), neutral_s=0.2)
    tested = {
        row["clip"] for row in folds().to_pylist() if (row["fold"], row["role"]) == ("0", "test")
    }
    table = clips()
    names, given = table["clip"].to_pylist(), table["label"].to_pylist()
    labels = [1 - label if name in tested else label
              for name, label in zip(names, given, strict=True)]  # fmt: skip
    turned = table.set_column(2, "label", [labels])
    other = probe(folds(), turned, landmarks, seconds=lengths(), neutral_s=0.2)
    of_fold = [n for n, fold in enumerate(whole["fold"]) if fold == "0"]
    assert [whole["p_1"][n] for n in of_fold] == [other["p_1"][n] for n in of_fold]


def test_photographs_have_neither_length_nor_rest(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    landmarks = write(tmp_path / "landmarks")
    with caplog.at_level("INFO"):
        found = probe(folds(), clips("image"), landmarks, seconds={}, neutral_s=0.2)
    assert parquet.conform(PROBES, found).num_rows == 0
    assert "nothing to probe" in caplog.text


@pytest.mark.parametrize(
    ("faces", "timed", "probes"),
    [
        (True, False, {"first_frame"}),
        (False, True, {"duration"}),  # D-Markers of others, with a column of lengths
        (False, False, set()),  # and without
    ],
)
def test_a_set_is_probed_for_what_it_has(
    faces: bool, timed: bool, probes: set[str], tmp_path: Path
):
    (tmp_path / "none").mkdir()
    landmarks = write(tmp_path / "some") if faces else tmp_path / "none"
    seconds = lengths() if timed else {}
    found = probe(folds(), clips(), landmarks, seconds=seconds, neutral_s=0.2)
    assert set(found["probe"]) == probes
    assert parquet.conform(PROBES, found).num_rows == len(probes) * 2 * PEOPLE


def test_clips_without_a_length_or_a_face_do_not_stop_the_others(tmp_path: Path):
    landmarks, seconds = write(tmp_path / "landmarks"), lengths(longer=1.0)
    for n in (0, 3, 7):
        del seconds[f"c{n:02d}"]
        (landmarks / f"c{n + 1:02d}.parquet").unlink()
    found = probe(folds(), clips(), landmarks, seconds=seconds, neutral_s=0.2)
    assert len(found["clip"]) == 2 * 2 * PEOPLE
    assert np.isfinite(found["p_1"]).all()
    assert scores(found)["duration"] > 0.9


# ---- From simulated clips to the figures of length ----------------------------------------------
@pytest.mark.parametrize(("by_length", "by_signal"), [(1.2, 0.0), (0.0, 1.2), (1.2, 0.8)])
def test_a_planted_length_is_told_from_a_planted_signal(
    by_length: float, by_signal: float, tmp_path: Path
):
    """A model learns in the same folds as the probe, from length and a signal whose means lie so
    many standard deviations apart. It gains what the signal adds, and keeps it at equal length."""
    rng, people, count = np.random.default_rng(0), 1000, 3
    label = np.arange(4 * people) % 2
    person = np.arange(4 * people) // 4
    long = rng.normal(by_length * (label - 0.5))
    shown = rng.normal(by_signal * (label - 0.5))
    names = [f"c{n:04d}" for n in range(len(label))]
    table = {"clip": names, "subject": [f"s{p:03d}" for p in person], "label": label.tolist(),
             "kind": ["video"] * len(names)}  # fmt: skip
    parts = [
        ("test" if p % count == fold else "val" if p // count % 7 == 1 else "train")
        for fold in range(count)
        for p in person
    ]
    split = {"fold": np.repeat(["0", "1", "2"], len(names)), "clip": names * count, "role": parts}
    seconds = dict(zip(names, (4.0 * np.exp(0.35 * long)).tolist(), strict=True))
    found = probe(pa.table(split), pa.table(table), tmp_path, seconds=seconds, neutral_s=0.2)
    seen, said = np.column_stack([long, shown]), np.zeros(len(label))
    for fold in range(count):
        test = person % count == fold
        model = LogisticRegression().fit(seen[~test], label[~test])
        said[test] = model.predict_proba(seen[test])[:, 1]
    rows = {**table, "fold": [str(p % count) for p in person], "p_0": 1.0 - said, "p_1": said}
    facts = {
        str(fold): {
            "optimistic": False,
            "padded": False,
            "temperature": 1.0,
            "not_calibrated": "few",
            "parameters": 2,
        }
        for fold in range(count)
    }
    run = Run("mine", "mesh", "none", "nested")
    whole = score(
        pa.table(rows), facts, run=run, groups=[], probes=pa.table(found), seconds=seconds
    )
    figures = whole["length"]
    alone, both = (norm.cdf(np.hypot(*apart) / 2**0.5)
                   for apart in ((by_length, 0.0), (by_length, by_signal)))  # fmt: skip
    assert figures["auc"] == pytest.approx(alone, abs=0.04)
    assert figures["gain_auc"] == pytest.approx(both - alone, abs=0.04)
    assert figures["pairs_auc"] == pytest.approx(norm.cdf(by_signal / 2**0.5), abs=0.03)
    assert (figures["gain_auc_low"] <= 0.0 <= figures["gain_auc_high"]) == (by_signal == 0.0)
    assert (figures["pairs_auc_low"] <= 0.5 <= figures["pairs_auc_high"]) == (by_signal == 0.0)
    assert whole["probes"]["duration"]["auc"] == figures["auc"]
