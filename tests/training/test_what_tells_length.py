"""Clips whose labels follow their length alone: what lets a network see it, and what does not.

Faces are drawn alike for both classes, so a score above chance is length.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from duchenne.evaluation.metrics import areas
from duchenne.training.landmark_inputs import prepare_landmarks
from duchenne.training.loop import learn
from duchenne.training.prepare import prepare
from duchenne.training.protocol import FoldSpec, match_lengths
from tests.make.fold_cases import CPU, Fold, clip, learnt, settings, silent, split_of

ROLES = ("train",) * 40 + ("val",) * 8 + ("test",) * 48
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


def test_a_network_that_learns_from_clips_of_equal_length_does_not_learn_length(tmp_path: Path):
    """Spontaneous clips are longer on average, and the network could see it; matched, it gets
    nothing from it."""
    how = settings(train__epochs=6, **LONG)
    found: dict[str, list[float]] = {"none": [], "length": []}
    for seed in (1, 2, 3):
        rng = np.random.default_rng(seed)
        longer, shorter = rng.integers(11, 20, len(ROLES)), rng.integers(8, 17, len(ROLES))
        frames = np.where(LABELS, longer, shorter)
        made = fold(frames, seed)
        every = split_of(made, how)
        spec = FoldSpec(
            "1", tuple(one.name for one in made.clips), ROLES, tuple(LABELS.tolist()),
            made.subjects, ("posed", "spontaneous"), seconds=tuple(frames / 5.0),
        )  # fmt: skip
        for match, of in (("none", every), ("length", match_lengths(every, spec))):
            ready = prepare(of, prepare_landmarks(of, made.clips, how, device=CPU), how)
            out = learn(ready.task, unfinished=tmp_path / f"{match}{seed}", say=silent)
            found[match].append(auc(out.probabilities["test"]))
    assert np.mean(found["none"]) > 0.7
    assert np.mean(found["length"]) < 0.6
