"""Small moving faces, folds of them, and settings of a tiny network that trains in seconds."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from duchenne.config import params
from duchenne.config.training import Training
from duchenne.dmarkers.names import COLUMNS
from duchenne.face import topology
from duchenne.training.landmark_augment import Augment
from duchenne.training.landmark_batches import Clip, LandmarkCutter
from duchenne.training.landmark_inputs import prepare_landmarks
from duchenne.training.loop import Learnt, Task, learn
from duchenne.training.prepare import Prepared, prepare
from duchenne.training.protocol import PROTOCOLS, Split, split
from tests.rules.imports import ROOT

CPU = torch.device("cpu")
FACE = topology.DLIB
ROLES = ("train", "val", "test")
_MOUTH = slice(48, 68)
_TINY = {
    "net__encoder": "linear", "net__points": "all", "net__latents": 2, "net__depth": 1,
    "net__time_depth": 1, "net__heads": 2, "net__mlp": 8, "window__frames": 4, "window__fps": 5.0,
    "window__test": 2, "window__shows": "shape", "net__dropout": 0.1, "net__momentum": 0.1,
    "train__epochs": 3, "train__batch": 4, "train__lr": 0.002, "train__schedule": "constant",
    "train__warmup": 0.0, "augment__mirror": 0.0, "augment__rotate": 0.0, "augment__scale": 0.0,
    "augment__stretch": 0.0, "augment__noise": 0.0,
}  # fmt: skip
# The smallest CurveNet.
CURVENET = {"net__encoder": "curvenet", "net__neighbours": 4, "net__curves": 3, "net__steps": 2}


def settings(**changes: Any) -> Training:
    """Settings with a tiny network; `train__epochs=2` is `train.epochs: 2`."""
    values = {name: dict(shown) if isinstance(shown, dict) else shown for name, shown in _shipped()}
    for name, value in {**_TINY, **changes}.items():
        section, _, key = name.partition("__")
        if key:
            values[section][key] = value
        else:
            values[section] = value
    return Training.of(params.Params.model_validate(values, strict=False))


@cache
def _shipped() -> list[tuple[str, Any]]:
    values = params.load(ROOT / "params.yaml").model_dump()
    return list(values.items())


def clip(
    name: str, *, label: int = 0, frames: int = 12, fps: float = 5.0, faceless: Sequence[int] = ()
) -> Clip:
    """A clip of a face: at rest with label 0; with label 1 its mouth moves up and down.

    A tenth of its D-Markers are missing, and the others are random.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    face = np.random.default_rng(0).normal(0.0, 0.5, (FACE.points, 3))
    face += rng.normal(0.0, 0.02, face.shape)
    times = np.arange(frames) / fps
    xyz = np.repeat(face[None], frames, axis=0)
    if label:
        xyz[:, _MOUTH, 1] -= np.sin(np.pi * np.arange(frames) / frames)[:, None]
    xyz += rng.normal(0.0, 0.01, xyz.shape)
    xyz[list(faceless)] = np.nan
    markers = rng.normal(2.0, 3.0, len(COLUMNS))
    markers[rng.random(len(COLUMNS)) < 0.1] = np.nan
    return Clip(name, label, times, xyz.astype(np.float32), markers)


@dataclass(frozen=True)
class Fold:
    """Clips, with the role and subject of each in the same order."""

    clips: tuple[Clip, ...]
    roles: tuple[str, ...]
    subjects: tuple[str, ...]

    def changed(self, roles: Sequence[str], **changes: Any) -> "Fold":
        """The fold with changed clips of these roles: `label=1`, or a function of the clip."""
        new = [
            one._replace(**{k: v(one) if callable(v) else v for k, v in changes.items()})
            if role in roles
            else one
            for one, role in zip(self.clips, self.roles, strict=True)
        ]
        return replace(self, clips=tuple(new))

    def with_role(self, role: str) -> list[int]:
        """Indices of the clips with a role."""
        return [number for number, each in enumerate(self.roles) if each == role]


def fold(train: int = 10, val: int = 4, test: int = 4) -> Fold:
    """Two clips of each subject, one of each class; one is short, one has frames without a face."""
    roles = [role for role, count in zip(ROLES, (train, val, test), strict=True)
             for _ in range(count)]  # fmt: skip
    clips = [
        clip(f"c{n:02d}", label=n % 2, frames=3 if n == 2 else 12, faceless=(0, 5) * (n == 1))
        for n in range(len(roles))
    ]
    return Fold(tuple(clips), tuple(roles), tuple(f"s{n // 2}" for n in range(len(roles))))


def ready(given: Fold, how: Training, *, name: str = "1", classes: int = 2) -> Prepared:
    """The fold, ready to be trained."""
    own = split_of(given, how, name=name, classes=classes)
    return prepare(own, prepare_landmarks(own, given.clips, how, device=CPU), how)


def split_of(given: Fold, how: Training, *, name: str = "1", classes: int = 2) -> Split:
    names = [one.name for one in given.clips]
    by_clip: Mapping[str, str] = dict(zip(names, given.roles, strict=True))
    return split(
        name,
        names,
        roles=by_clip,
        subjects=dict(zip(names, given.subjects, strict=True)),
        classes=classes,
        protocol=PROTOCOLS[how.protocol],
    )


def task(given: Fold, how: Training, *, name: str = "1") -> Task:
    return ready(given, how, name=name).task


def cutter(task: Task, **augment: float) -> LandmarkCutter:
    """The task's cutter of windows, with the given augmentation if there is any."""
    assert isinstance(task.cutter, LandmarkCutter)
    return replace(task.cutter, augment=Augment(**augment)) if augment else task.cutter


def silent(text: str) -> None:
    pass


def learnt(given: Fold, how: Training, folder: Path, *, name: str = "1") -> Learnt:
    """The result of training without interruption."""
    return learn(task(given, how, name=name), unfinished=folder / "progress", say=silent)


def same_weights(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def same(one: Learnt, other: Learnt) -> bool:
    """Whether weights, epoch, history and probabilities are equal to the bit."""
    return (
        same_weights(one.weights, other.weights)
        and (one.epoch, one.history, one.doubted) == (other.epoch, other.history, other.doubted)
        and one.probabilities.keys() == other.probabilities.keys()
        and all(np.array_equal(p, other.probabilities[k]) for k, p in one.probabilities.items())
    )
