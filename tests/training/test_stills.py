"""Photographs of several classes: clips of one frame, which windows of any length can hold."""

from pathlib import Path

import numpy as np
import pytest
import torch

from duchenne.training.landmark_batches import Clip
from duchenne.training.loop import learn, predict
from tests.make.fold_cases import CURVENET, FACE, Fold, clip, ready, settings, silent

CLASSES = 7
STILL = {"window__frames": 1, "window__test": 1, "train__lr": 0.003, "net__dropout": 0.0}


def still(name: str, label: int) -> Clip:
    """A face at rest whose every class moves landmarks of its own."""
    made = clip(name, frames=1)
    xyz = made.xyz.copy()
    xyz[:, label :: FACE.points // CLASSES, 1] += 0.5
    return made._replace(label=label, xyz=xyz)


def stills(train: int = 6, val: int = 1, test: int = 2) -> Fold:
    """So many people with a picture of each class in each part."""
    roles = ["train"] * train + ["val"] * val + ["test"] * test
    clips = [still(f"p{person}-{label}", label)
             for person in range(len(roles)) for label in range(CLASSES)]  # fmt: skip
    subjects = [f"p{person}" for person in range(len(roles)) for _ in range(CLASSES)]
    each = [role for role in roles for _ in range(CLASSES)]
    return Fold(tuple(clips), tuple(each), tuple(subjects))


@pytest.mark.parametrize("frames", [1, 4])
def test_seven_classes_are_learnt_from_single_frames(frames: int, tmp_path: Path):
    how = settings(**{**STILL, "window__frames": frames, "train__epochs": 30})
    task = ready(stills(), how, classes=CLASSES).task
    found = learn(task, unfinished=tmp_path / "progress", say=silent).probabilities["test"]
    assert found.shape == (2 * CLASSES, CLASSES)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert (found.argmax(axis=1) == np.tile(np.arange(CLASSES), 2)).mean() > 0.8


@pytest.mark.parametrize("encoder", [{}, CURVENET], ids=["linear", "curvenet"])
def test_frames_that_are_absent_change_nothing(encoder: dict[str, object]):
    """A window of one frame, and one of four whose other three are masked, say the same."""
    tasks = [
        ready(
            stills(2, 1, 1), settings(**{**STILL, **encoder, "window__frames": n}), classes=7
        ).task
        for n in (1, 4)
    ]
    short, long = tasks
    long.network.load_state_dict(short.network.state_dict())
    first, second = (predict(task, task.split.parts["test"]) for task in tasks)
    assert np.isfinite(first).all()
    np.testing.assert_allclose(first, second, atol=1e-5)


@pytest.mark.parametrize("balance", [False, True])
def test_a_class_that_is_rare_can_be_weighed_up(balance: bool, tmp_path: Path):
    given = stills(3, 1, 1)
    how = settings(**{**STILL, "train__epochs": 1, "train__balance": balance})
    task = ready(given, how, classes=CLASSES).task
    found = learn(task, unfinished=tmp_path / "progress", say=silent)
    assert np.isfinite(found.history[0]["train_loss"])
    assert found.history[0]["val_balanced_accuracy"] == pytest.approx(
        found.history[0]["val_accuracy"]
    ), "one picture of each class"


def test_the_last_layer_has_a_score_for_each_class():
    task = ready(stills(1, 1, 1), settings(**STILL), classes=CLASSES).task
    batch = next(iter(task.cutter.testing(task.split.parts["test"], count=1, size=4)))
    with torch.inference_mode():
        assert task.network(batch.windows).logits.shape == (4, CLASSES)
