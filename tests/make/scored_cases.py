"""Predictions to score: by hand, random for hypothesis, and as many as UvA-NEMO has clips."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from duchenne.evaluation.scores import Predictions


def predictions(
    labels: Sequence[int],
    probabilities: Sequence[Any],
    *,
    subjects: Sequence[str] | None = None,
    folds: Sequence[str] | None = None,
) -> Predictions:
    """Predictions of clips c0, c1, …; a single number is the probability of class 1 of two."""
    rows = [p if isinstance(p, tuple) else (1.0 - p, p) for p in probabilities]
    clips = [f"c{i}" for i in range(len(labels))]
    return Predictions(
        fold=np.array(folds or ["1"] * len(labels)),
        clip=np.array(clips),
        subject=np.array(subjects or clips),
        label=np.array(labels),
        probabilities=np.array(rows),
    )


# 2 of 3 spontaneous and 1 of 2 posed smiles are classified correctly.
TWO = predictions([1, 1, 1, 0, 0], [0.9, 0.6, 0.4, 0.7, 0.1])
THREE = predictions(
    [0, 0, 1, 1, 2, 2],
    [
        (0.8, 0.1, 0.1),
        (0.3, 0.6, 0.1),
        (0.2, 0.7, 0.1),
        (0.1, 0.8, 0.1),
        (0.1, 0.4, 0.5),
        (0.5, 0.1, 0.4),
    ],
)


@st.composite
def any_predictions(draw: st.DrawFn, *, classes: int | None = None) -> Predictions:
    """Predictions of two to four classes, with ties, probabilities 0 and 1, and empty classes."""
    number = classes or draw(st.integers(2, 4))
    parts = st.tuples(*[st.integers(0, 4)] * number).filter(any)
    row = st.tuples(st.integers(0, number - 1), parts, st.sampled_from("abcd"))
    rows = draw(st.lists(row, min_size=1, max_size=25))
    return predictions(
        [label for label, _, _ in rows],
        [tuple(part / sum(weights) for part in weights) for _, weights, _ in rows],
        subjects=[subject for _, _, subject in rows],
    )


def many(*, clips: int = 1240, subjects: int = 400, seed: int = 0) -> Predictions:
    """A moderately good model on a set of UvA-NEMO's size, in ten folds by subject."""
    generator = np.random.default_rng(seed)
    label = generator.integers(0, 2, clips)
    spontaneous = 1.0 / (1.0 + np.exp(-generator.normal(2.0 * (label - 0.5), 1.0)))
    person = np.arange(clips) % subjects
    return predictions(
        label.tolist(),
        spontaneous.tolist(),
        subjects=[f"{number:03d}" for number in person],
        folds=[str(number % 10 + 1) for number in person],
    )
