"""Clips whose labels follow their length alone: what lets a network see it, and what does not.

Faces are drawn alike for both classes, so a score above chance is length.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from duchenne.evaluation.metrics import areas
from duchenne.training.fit import PROBE, fit
from duchenne.training.protocol import FoldSpec, match_lengths, split
from tests.make.fold_cases import Fold, clip, learnt, settings

ROLES = ("train",) * 24 + ("val",) * 8 + ("test",) * 48
LABELS = np.arange(len(ROLES)) % 2
TESTED = LABELS[[role == "test" for role in ROLES]]
LONG = {"window__frames": 20}  # longer than any clip
SHORT = {"window__frames": 10}  # no longer than the shortest
APART = {"net__attention": "space"}  # frames have no place in time


def fold(frames: npt.NDArray[np.int64], seed: int) -> Fold:
    """Clips of so many `frames`, with LABELS and two clips of each subject."""
    clips = [
        clip(f"{seed}-{number}", frames=int(count))._replace(label=int(label))
        for number, (count, label) in enumerate(zip(frames, LABELS, strict=True))
    ]
    return Fold(tuple(clips), ROLES, tuple(f"s{number // 2}" for number in range(len(clips))))


def auc(probabilities: npt.NDArray[np.floating[Any]]) -> float:
    return float(areas(TESTED == 1, probabilities[:, 1], np.ones((1, len(TESTED))))[0])


@pytest.mark.parametrize(
    ("how", "pad", "tells"),
    [
        ({**LONG, **APART}, "mask", False),
        ({**LONG, **APART}, "zeros", True),
        (SHORT, "mask", False),
        (SHORT, "zeros", False),
        (LONG, "mask", True),  # its places in time end where the clip ends
        (LONG, "zeros", True),
    ],
    ids=lambda value: None if isinstance(value, bool) else str(value),
)
def test_what_shows_a_network_how_long_a_clip_is(
    how: dict[str, Any], pad: str, *, tells: bool, tmp_path: Path
):
    found = []
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        longer, shorter = rng.integers(16, 20, len(ROLES)), rng.integers(10, 14, len(ROLES))
        frames = np.where(LABELS, longer, shorter)
        out = learnt(
            fold(frames, seed),
            settings(train__epochs=4, window__pad=pad, **how),
            tmp_path / str(seed),
        )
        found.append(auc(out.probabilities["test"]))
    assert np.mean(found) > 0.95 if tells else 0.3 < np.mean(found) < 0.65


def test_what_learns_from_clips_of_equal_length_does_not_go_by_length():
    """Spontaneous clips are a second longer on average. How much likelier to be spontaneous does a
    model call them that sees the length and nothing else?"""
    count = 400
    labels = np.arange(count) // 2 % 2
    names = tuple(f"c{number:03d}" for number in range(count))
    roles = ("train", "test") * (count // 2)
    subjects = tuple(f"s{number // 8}-{number % 2}" for number in range(count))
    every = split(
        "1", names, roles=dict(zip(names, roles, strict=True)), classes=2,
        subjects=dict(zip(names, subjects, strict=True)),
    )  # fmt: skip
    tested = labels[every.parts["test"]]
    for seed in range(5):
        seconds = np.random.default_rng(seed).gamma(10.0, 0.4, count) + labels
        spec = FoldSpec(
            "1", names, roles, tuple(labels.tolist()), subjects, ("posed", "spontaneous"),
            seconds=tuple(seconds),
        )  # fmt: skip
        likelier = []
        for of in (every, match_lengths(every, spec)):
            found = fit(of, seconds[:, None], labels, subjects=subjects, fitter=PROBE)
            said = found.learnt.probabilities["test"][:, 1]
            likelier.append(said[tested == 1].mean() - said[tested == 0].mean())
        assert likelier[0] > 0.05
        assert abs(likelier[1]) < 0.002
