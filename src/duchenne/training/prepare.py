"""Make a fold ready for the training loop: the network, its objective and its random numbers.

Whatever is fitted here sees only the clips that the weights learn from.
"""

import zlib
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from duchenne.config.models import NEEDS
from duchenne.config.training import Net, Training
from duchenne.errors import TrainingError
from duchenne.nets.registry import build
from duchenne.nets.settings import MeshSettings
from duchenne.training import losses
from duchenne.training.batches import AnyCutter
from duchenne.training.loop import Task
from duchenne.training.losses import Targets
from duchenne.training.objective import Objective, SelfCure
from duchenne.training.protocol import Split
from duchenne.training.standardise import Standardiser


class Inputs(NamedTuple):
    """The inputs of a model, with their statistics, fitted on the clips that it learns from."""

    cutter: AnyCutter
    points: int  # landmarks; 0 for chips
    markers: Standardiser | None = None  # None where the network has nothing to do with D-Markers
    targets: Targets | None = None
    scale: float | None = None  # of motion or velocity; None where window.shows is shape
    mean_points: torch.Tensor | None = None  # (68, 2) of chips, where their landmarks are learnt


class Prepared(NamedTuple):
    """A fold with everything that was fitted for it, all of it on the clips of `subjects`."""

    task: Task
    arguments: dict[str, Any]  # of the network
    inputs: Inputs
    subjects: tuple[str, ...]


def prepare(of: Split, inputs: Inputs, settings: Training) -> Prepared:
    """A fold with its network, initialised from the seed."""
    device = inputs.cutter.clips.device
    seed_everything(settings.seed, of.fold)
    given, network = _network(settings, inputs, of.classes)
    task = Task(
        split=of,
        network=network.to(device),
        cutter=inputs.cutter,
        objective=_objective(of, inputs, settings),
        settings=settings,
        rng=np.random.default_rng([settings.seed, zlib.crc32(of.fold.encode())]),
    )
    return Prepared(task, given, inputs, of.subjects)


def seed_everything(seed: int, fold: str) -> None:
    """Seed torch for a fold, so that its numbers do not depend on what was trained before."""
    mixed = np.random.SeedSequence([seed, zlib.crc32(fold.encode()), 1]).generate_state(1)
    torch.manual_seed(int(mixed[0]))


def _network(settings: Training, inputs: Inputs, classes: int) -> tuple[dict[str, Any], nn.Module]:
    section = "net" if settings.model == "mesh" else settings.model
    try:
        given = arguments(settings, points=inputs.points, classes=classes)
        network = build(settings.model, given)
    except ValueError as error:
        raise TrainingError(f"{section}: {error}") from None
    if inputs.mean_points is not None:
        network.get_buffer("mean_points").copy_(inputs.mean_points)
    return given, network


def _objective(of: Split, inputs: Inputs, settings: Training) -> Objective:
    labels = inputs.cutter.clips.labels
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
    return Objective(labels=labels, weights=weights, targets=inputs.targets, penalty=penalty)


def arguments(settings: Training, *, points: int, classes: int) -> dict[str, Any]:
    """What `duchenne.nets.registry` builds this model from; `points` landmarks, 0 for chips.

    A face of few landmarks has fewer curves, anchors and neighbours.
    """
    model, chip = settings.model, NEEDS[settings.model].chip
    if settings.net is not None:
        return _mesh_arguments(settings.net, settings.fusion, points=points, classes=classes)
    own = getattr(settings, model, None)
    given: dict[str, Any] = {"classes": classes, **(own.model_dump() if own else {})}
    match model:
        case "realsmilenet":
            return {"classes": classes, "memory": given["memory"]}
        case "scn":
            return {"classes": classes, "width": given["width"]}
        case "dexpression" | "vit" if chip is not None:
            return {**given, "side": chip.side}
    return given


def neighbours(net: Net, *, points: int) -> int:
    return min(net.neighbours, points - 1)


def _mesh_arguments(net: Net, fusion: str, *, points: int, classes: int) -> dict[str, Any]:
    given = net.model_dump(exclude={"points"})
    given |= {
        "points": points,
        "classes": classes,
        "fusion": fusion,
        "neighbours": neighbours(net, points=points),
        "curves": min(net.curves, points),
    }
    return asdict(MeshSettings(**given))
