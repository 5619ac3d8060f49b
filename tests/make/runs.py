"""Runs of a repository, written by hand: what a pipeline leaves in git and DVC's cache."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from duchenne.tables import parquet
from duchenne.tables.dmarkers import DMARKERS
from duchenne.tables.folds import FOLDS
from duchenne.tables.predictions import PREDICTIONS

PEOPLE, EACH = 20, 4
PARAMS = {"model": "mesh", "fusion": "none", "protocol": "nested", "seed": 0,
          "window": {"frames": 16, "pad": "mask"}}  # fmt: skip


class Repository:
    """A git repository with runs on branches, tags and experiments."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for words in (("git", "init", "-q", "-b", "main"),
                      (sys.executable, "-m", "dvc", "init", "-q"),
                      ("git", "config", "user.email", "tests@example.org"),
                      ("git", "config", "user.name", "tests")):  # fmt: skip
            self._run(*words)
        (root / "dvc.yaml").write_text("stages: {}\n")
        self._commit("start")

    def run(
        self,
        name: str,
        *,
        skill: float = 1.0,
        draw: int = 0,
        dataset: str = "mine",
        marks: Mapping[str, int] | None = None,
        folds: int = 4,
        without: int = 0,
        lengths: bool = True,
        kind: str = "branch",
        **params: Any,
    ) -> None:
        """A run whose probabilities follow the label by `skill`; `without` clips it lacks."""
        values = json.loads(json.dumps(PARAMS))
        for key, value in params.items():
            section, _, inner = key.partition("__")
            (values[section] if inner else values).update({inner or section: value})
        run = {"dataset": dataset, **{k: values[k] for k in ("model", "fusion", "protocol")}}
        rows = _predictions(skill, draw, folds=folds, without=without)
        length = {"gain_auc": 0.1, "gain_auc_low": 0.02, "gain_auc_high": 0.2}
        scores = {**(marks or {}), "run": run, "length": length}
        outs = {
            "data/predictions.parquet": _table(PREDICTIONS, rows),
            "data/folds.parquet": _table(FOLDS, _folds(rows)),
            "data/dmarkers.parquet": _table(DMARKERS, _lengths(rows, known=lengths)),
            "data/reports/scores.json": json.dumps(scores).encode(),
        }
        outs["data/params"] = self._folder({"train.json": json.dumps(values).encode()})
        listed = [
            {"path": path, "md5": self._keep(content, path)} for path, content in outs.items()
        ]
        lock = {"schema": "2.0", "stages": {"all": {"cmd": "true", "outs": listed}}}
        (self.root / "dvc.lock").write_text(yaml.safe_dump(lock))
        (self.root / "metrics").mkdir(exist_ok=True)
        summary = {
            **(marks or {}),
            "run": run,
            "balanced_accuracy": 0.7,
            "length": {"gain_auc": 0.1},
        }
        (self.root / "metrics/summary.json").write_text(json.dumps(summary))
        self._commit(f"run {name}")
        ref = f"refs/exps/ab/{'c' * 38}/{name}" if kind == "experiment" else f"refs/{kind}s/{name}"
        self._run("git", "update-ref", ref.replace("branchs", "heads"), "HEAD")

    def forget(self, path: str, name: str) -> None:
        """Delete the object of an out of a run from the cache."""
        shown = subprocess.run(["git", "show", f"{name}:dvc.lock"], cwd=self.root, check=True,
                               capture_output=True, text=True).stdout  # fmt: skip
        outs = yaml.safe_load(shown)["stages"]["all"]["outs"]
        [md5] = [out["md5"] for out in outs if out["path"] == path]
        self._object(md5).unlink()

    def _folder(self, files: Mapping[str, bytes]) -> bytes:
        entries = [{"md5": self._keep(content, name), "relpath": name}
                   for name, content in files.items()]  # fmt: skip
        return json.dumps(entries).encode()

    def _keep(self, content: bytes, path: str) -> str:
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        md5 += ".dir" if path == "data/params" else ""
        self._object(md5).parent.mkdir(parents=True, exist_ok=True)
        self._object(md5).write_bytes(content)
        return md5

    def _object(self, md5: str) -> Path:
        return self.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]

    def _commit(self, message: str) -> None:
        self._run("git", "add", "-A")
        self._run("git", "commit", "-qm", message, "--allow-empty")

    def _run(self, *words: str) -> None:
        subprocess.run(words, cwd=self.root, check=True, capture_output=True)


def _predictions(skill: float, draw: int, *, folds: int, without: int) -> dict[str, list[Any]]:
    rng, count = np.random.default_rng(draw), PEOPLE * EACH
    label = np.arange(count) % 2
    said = 1.0 / (1.0 + np.exp(-(skill * (2 * label - 1) + rng.normal(0.0, 1.0, count))))
    people = (np.arange(count) // EACH).tolist()
    rows: dict[str, list[Any]] = {
        "fold": [str(1 + person % folds) for person in people],
        "clip": [f"c{number:03d}" for number in range(count)],
        "subject": [f"s{person:02d}" for person in people],
        "label": label.tolist(), "role": ["test"] * count,
        "p_0": (1.0 - said).tolist(), "p_1": said.tolist(),
        "gender": [("female", "male")[person % 3 == 0] for person in people],
    }  # fmt: skip
    return {name: column[without:] for name, column in rows.items()}


def _folds(rows: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    names = sorted(set(rows["fold"]))
    return {
        "fold": [fold for fold in names for _ in rows["clip"]],
        "clip": [clip for _ in names for clip in rows["clip"]],
        "role": ["test" if own == fold else "train" for fold in names for own in rows["fold"]],
    }


def _lengths(rows: Mapping[str, list[Any]], *, known: bool) -> pa.Table:
    count = len(rows["clip"])
    columns: dict[str, Any] = {}
    for column in DMARKERS.columns:
        if pa.types.is_boolean(column.type):
            columns[column.name] = [True] * count
        elif pa.types.is_string(column.type):
            columns[column.name] = [""] * count
        else:
            columns[column.name] = [0] * count
    seconds = np.random.default_rng(0).uniform(2.0, 3.0, count) if known else np.full(count, np.nan)
    return pa.table({**columns, "clip": rows["clip"], "seconds": seconds.tolist()})


def _table(table: parquet.Table, rows: Any) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.parquet")
        parquet.write(table, path, rows)
        return path.read_bytes()
