"""What all folds together say: one summary, the proof that it is honest, and the pictures' data."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from duchenne.errors import EvaluationError
from duchenne.evaluation.audit import audit
from duchenne.evaluation.scores import Predictions
from duchenne.evaluation.summary import probe_scores, summary
from duchenne.tables.fold_files import files

_PROBABILITY = re.compile(r"p_\d+")


class Run(NamedTuple):
    """What figures are of; params.yaml has the same names."""

    dataset: str
    model: str
    fusion: str
    protocol: str


def tested(predictions: pa.Table) -> pa.Table:
    """The rows of test clips."""
    return predictions.filter(pc.equal(predictions["role"], "test"))


def as_predictions(rows: pa.Table) -> Predictions:
    # A group column of the user's may begin like them.
    names = sorted(filter(_PROBABILITY.fullmatch, rows.column_names), key=lambda p: int(p[2:]))
    return Predictions(
        fold=rows["fold"].to_pylist(),
        clip=rows["clip"].to_pylist(),
        subject=rows["subject"].to_pylist(),
        label=rows["label"].to_pylist(),
        probabilities=np.column_stack([rows[name].to_numpy() for name in names]),
    )


def models(folder: Path, folds: Sequence[str]) -> dict[str, dict[str, Any]]:
    """model.json of every fold; folds too few or too many are an error."""
    found = {place.name for place in folder.iterdir() if place.is_dir()}
    if found != set(folds):
        raise EvaluationError(
            f"{folder} holds the folds {', '.join(sorted(found)) or 'none'}, and the split has "
            f"{', '.join(sorted(folds))}; `dvc repro` trains all of one split"
        )
    return {
        fold: json.loads(files(folder / fold).facts.read_text(encoding="utf-8")) for fold in folds
    }


def summarise(
    rows: pa.Table,
    facts: Mapping[str, Mapping[str, Any]],
    *,
    run: Run,
    groups: Sequence[str],
    probes: pa.Table | None = None,
) -> dict[str, Any]:
    """metrics/summary.json. `optimistic` stands there, as 1, only where the epoch was chosen on
    the test clips."""
    columns = {name: rows[name].to_pylist() for name in groups}
    found = {"run": run._asdict()}
    found |= summary(as_predictions(rows), columns, expected_folds=sorted(facts))
    found |= {"probes": _probed(probes)} if probes else {}
    return {"optimistic": 1, **found} if _optimistic(facts) else found


def prove(
    rows: pa.Table, folds: pa.Table, clips: pa.Table, facts: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """data/reports/audit.json; raises where a fold has seen its test subjects."""
    subjects = dict(zip(clips["clip"].to_pylist(), clips["subject"].to_pylist(), strict=True))
    optimistic = _optimistic(facts)
    proof = audit(
        [(row["fold"], row["clip"], row["role"]) for row in folds.to_pylist()],
        subjects,
        predictions=as_predictions(rows),
        fitted={fold: about["fitted"] for fold, about in facts.items()},
        trained_on_val=optimistic,
    )
    return {"optimistic": optimistic, "epoch_chosen_on": "test" if optimistic else "val", **proof}


def _probed(probes: pa.Table) -> dict[str, dict[str, float]]:
    names = sorted(set(probes["probe"].to_pylist()))
    tables = {name: probes.filter(pc.equal(probes["probe"], name)) for name in names}
    return {name: probe_scores(as_predictions(rows)) for name, rows in tables.items()}


def _optimistic(facts: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(about["optimistic"] for about in facts.values())
