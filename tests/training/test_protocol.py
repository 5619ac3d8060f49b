"""Which clips learn, which choose the epoch, and which figures are optimistic."""

import subprocess
import sys
from typing import get_args

import pytest

from duchenne.config.training import Training
from duchenne.errors import TrainingError
from duchenne.training.protocol import (
    FITTED,
    PROTOCOLS,
    FoldSpec,
    Protocol,
    Split,
    match_lengths,
    split,
)

ROLES = {"a": "test", "b": "train", "c": "val", "d": "train", "e": "test"}
SUBJECTS = {"a": "s1", "b": "s3", "c": "s2", "d": "s3", "e": "s1"}


EVERY: dict[str, Protocol] = {**{str(k): v for k, v in PROTOCOLS.items()}, "fitted": FITTED}


def of(protocol: str) -> Split:
    return split(
        "1", list(ROLES), roles=ROLES, subjects=SUBJECTS, classes=2,
        protocol=EVERY[protocol],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "learns", "watched", "subjects", "predicted", "optimistic"),
    [
        ("nested", [1, 3], [2], ("s3",), ("val", "test"), False),
        ("published", [1, 3, 2], [0, 4], ("s2", "s3"), ("test",), True),
        ("fitted", [1, 3, 2], [], ("s2", "s3"), ("test",), False),
    ],
)
def test_what_each_protocol_uses_the_roles_for(
    protocol, learns, watched, subjects, *, predicted, optimistic
):
    found = of(protocol)
    assert found.learns.tolist() == learns
    assert found.watched.tolist() == watched
    assert found.subjects == subjects
    assert found.protocol.predicted == predicted
    assert found.protocol.optimistic is optimistic


@pytest.mark.parametrize("protocol", EVERY.values(), ids=EVERY)
def test_no_weights_learn_from_test_clips(protocol):
    assert "test" not in protocol.learns
    assert "test" in protocol.predicted


def test_params_yaml_can_ask_for_each_of_them():
    assert set(get_args(Training.model_fields["protocol"].annotation)) == set(PROTOCOLS)


def spec_of(seconds: list[float | None], *, labels: tuple[int, ...] = (0, 1, 0, 1, 0)) -> FoldSpec:
    return FoldSpec(
        "1", tuple(ROLES), tuple(ROLES.values()), labels, tuple(SUBJECTS.values()),
        ("posed", "spontaneous"), seconds=tuple(seconds),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "seconds", "learns", "subjects"),
    [
        ("nested", [9.0, 2.0, 9.0, 2.03, 9.0], [1, 3], ("s3",)),
        ("published", [9.0, 2.0, 3.0, 3.05, 9.0], [3, 2], ("s2", "s3")),
        ("fitted", [9.0, None, 2.0, 2.0, 9.0], [3, 2], ("s2", "s3")),
    ],
)
def test_only_pairs_of_equal_length_teach(protocol, seconds, learns, *, subjects):
    """Clips b to d may teach: of labels 1, 0, 1. The test part and what chooses the epoch stay."""
    labels = (0, 1, 0, 0, 0) if protocol == "nested" else (0, 1, 0, 1, 0)
    before = of(protocol)
    found = match_lengths(before, spec_of(seconds, labels=labels))
    assert found.learns.tolist() == learns
    assert found.subjects == subjects
    assert found.watched.tolist() == before.watched.tolist()
    assert found.parts["test"].tolist() == [0, 4]


@pytest.mark.parametrize(
    ("seconds", "classes", "says"),
    [
        ([1.0, 2.0, 2.0, 2.2, 2.0], 2, "no two training clips of both classes in fold 1 whose"),
        ([1.0, None, 2.0, 2.0, 2.0], 2, "no spontaneous training clip with a known length in fold"),
        ([None] * 5, 2, "no posed training clip with a known length"),
        ([1.0] * 5, 7, "pairs the clips of two classes, and this set has 7"),
    ],
)
def test_what_cannot_be_matched_is_refused_in_one_sentence(seconds, classes, says):
    given = spec_of(seconds, labels=(0, 1, 0, 0, 0))
    with pytest.raises(TrainingError, match=says) as refusal:
        match_lengths(of("nested")._replace(classes=classes), given)
    assert "set train.match: none" in str(refusal.value)


def test_a_role_without_clips_is_empty():
    found = split("1", ["a"], roles={"a": "train"}, subjects=SUBJECTS, classes=2)
    assert found.watched.dtype == found.learns.dtype
    assert (found.learns.tolist(), found.watched.tolist()) == ([0], [])


def test_training_does_without_video_landmarkers_and_schedulers():
    """They need not be installed where models are trained."""
    absent = ["mediapipe", "dlib", "dvc", "dask", "distributed"]
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({absent!r}))\n"
        "import importlib, pkgutil, duchenne.training as package\n"
        "for found in pkgutil.walk_packages(package.__path__, 'duchenne.training.'):\n"
        "    importlib.import_module(found.name)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
