"""Probabilities from models and probes: `data/predictions.parquet`, `data/probes.parquet`."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from duchenne.evaluation.scores import Predictions
from duchenne.tables.parquet import Column, Table

PREDICTIONS = Table(
    name="predictions",
    version=1,
    doc="`data/predictions.parquet`: what each fold's network says of its validation and test "
    "clips. `p_<class>` are probabilities: sets with more classes have p_2 and so on, too. "
    "The clips table's group columns follow.",
    columns=(
        Column("fold", pa.string(), "the fold whose network it is"),
        Column("clip", pa.string(), "the clip"),
        Column("subject", pa.string(), "the person"),
        Column("label", pa.int32(), "as in clips"),
        Column("role", pa.string(), "val or test; scores count test alone"),
        Column("p_0", pa.float64(), "probability of class 0: posed, or the first expression"),
        Column("p_1", pa.float64(), "probability of class 1: spontaneous, or the next expression"),
    ),
    open=True,
)

PROBES = Table(
    name="probes",
    version=1,
    doc="`data/probes.parquet`: what each fold's probes say of its test clips. A probe sees what "
    "should tell nothing (how long a clip is, the resting face): where it is right, the data set "
    "gives the label away.",
    columns=(
        Column("probe", pa.string(), "duration or first_frame"),
        *(column for column in PREDICTIONS.columns),
    ),
    open=True,
)

PROBABILITY = re.compile(r"p_\d+")


def only_tested(predictions: pa.Table) -> pa.Table:
    """The rows of test clips alone."""
    return predictions.filter(pc.equal(predictions["role"], "test"))


def as_predictions(rows: pa.Table) -> Predictions:
    """Rows of PREDICTIONS or PROBES as arrays."""
    # Matched in full, since a group column may begin with p_ too.
    names = sorted(filter(PROBABILITY.fullmatch, rows.column_names), key=lambda p: int(p[2:]))
    return Predictions(
        fold=rows["fold"].to_pylist(),
        clip=rows["clip"].to_pylist(),
        subject=rows["subject"].to_pylist(),
        label=rows["label"].to_pylist(),
        probabilities=np.column_stack([rows[name].to_numpy() for name in names]),
    )
