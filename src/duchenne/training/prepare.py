"""From clips and their roles to a fold that can be learnt. Whatever is fitted here sees training
clips only.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from duchenne.config.training import Training
from duchenne.errors import TrainingError
from duchenne.nets.registry import build
from duchenne.training import losses
from duchenne.training.batches import AnyCutter
from duchenne.training.loop import Task
from duchenne.training.losses import Targets
from duchenne.training.network import arguments
from duchenne.training.objective import Objective
from duchenne.training.self_cure import SelfCure
from duchenne.training.standardise import Standardiser

Numbers = npt.NDArray[np.int64]
ROLES = ("train", "val", "test")


class Split(NamedTuple):
    """Who does what in a fold; clips are numbered as they are given."""

    fold: str
    parts: Mapping[str, Numbers]  # by role
    learns: Numbers  # whose labels the weights see
    subjects: tuple[str, ...]  # of those
    classes: int


class Shown(NamedTuple):
    """What a model is shown, and what was fitted for it on the clips that it learns from."""

    cutter: AnyCutter
    points: int  # landmarks; 0 for chips
    markers: Standardiser | None = None  # None where the network has nothing to do with D-Markers
    targets: Targets | None = None
    scale: float | None = None  # of motion or velocity; None where shapes are shown
    mean_points: torch.Tensor | None = None  # (68, 2) of chips, where their landmarks are learnt


class Prepared(NamedTuple):
    """A fold with everything that was fitted for it, all of it on the clips of `subjects`."""

    task: Task
    arguments: dict[str, Any]  # of the network
    shown: Shown
    subjects: tuple[str, ...]


def split(
    fold: str,
    names: Sequence[str],
    *,
    roles: Mapping[str, str],
    subjects: Mapping[str, str],
    classes: int,
    published: bool = False,
) -> Split:
    """`roles` and `subjects` are by clip; as published, the weights see validation clips too."""
    parts = {
        role: np.array([i for i, name in enumerate(names) if roles[name] == role], np.int64)
        for role in ROLES
    }
    learnt = ("train", "val") if published else ("train",)
    learns = np.concatenate([parts[role] for role in learnt])
    whose = tuple(sorted({subjects[names[number]] for number in learns}))
    return Split(fold, parts, learns, whose, classes)


def prepare(of: Split, shown: Shown, settings: Training) -> Prepared:
    """A fold with its network, fresh from the seed."""
    device = shown.cutter.clips.device
    seed_everything(settings.seed, of.fold)
    given, network = _network(settings, shown, of.classes)
    task = Task(
        fold=of.fold,
        network=network.to(device),
        cutter=shown.cutter,
        objective=_objective(of, shown, settings),
        classes=of.classes,
        train=of.parts["train"],
        val=of.parts["val"],
        test=of.parts["test"],
        settings=settings,
        rng=np.random.default_rng([settings.seed, zlib.crc32(of.fold.encode())]),
    )
    return Prepared(task, given, shown, of.subjects)


def seed_everything(seed: int, fold: str) -> None:
    """One stream of random numbers for each fold, whatever was trained before it."""
    mixed = np.random.SeedSequence([seed, zlib.crc32(fold.encode()), 1]).generate_state(1)
    torch.manual_seed(int(mixed[0]))


def _network(settings: Training, shown: Shown, classes: int) -> tuple[dict[str, Any], nn.Module]:
    section = "net" if settings.model == "mesh" else settings.model
    try:
        given = arguments(settings, points=shown.points, classes=classes)
        network = build(settings.model, given)
    except ValueError as error:
        raise TrainingError(f"{section}: {error}") from None
    if shown.mean_points is not None:
        network.get_buffer("mean_points").copy_(shown.mean_points)
    return given, network


def _objective(of: Split, shown: Shown, settings: Training) -> Objective:
    labels = shown.cutter.clips.labels
    learns = torch.from_numpy(of.learns).to(labels.device)
    weights = losses.class_weights(
        labels[learns], classes=of.classes, balance=settings.train.balance
    )
    if settings.scn is not None:
        return SelfCure(
            labels=labels,
            weights=weights,
            settings=settings.scn,
            learns=of.learns,
            epochs=settings.train.epochs,
        )
    penalty = settings.realsmilenet.penalty if settings.realsmilenet else 0.0
    return Objective(labels=labels, weights=weights, targets=shown.targets, penalty=penalty)
