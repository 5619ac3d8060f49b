"""Which clips learn, which choose the epoch, and which figures are optimistic."""

import subprocess
import sys
from typing import get_args

import pytest

from duchenne.config.training import Training
from duchenne.training.protocol import FITTED, PROTOCOLS, Protocol, Split, split

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
