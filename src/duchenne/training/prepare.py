"""From clips and their roles to a fold that can be learnt. Whatever is fitted here sees training
clips only."""

import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from duchenne import topology
from duchenne.errors import TrainingError, listed
from duchenne.nets import encoders, fusion
from duchenne.nets.settings import Settings
from duchenne.nets.smilenet import SmileNet
from duchenne.params import Training
from duchenne.training import motion, standardise, velocity
from duchenne.training.batches import Cutter, Table
from duchenne.training.clips import Clip, markers, resident
from duchenne.training.fold import Task
from duchenne.training.losses import Targets
from duchenne.training.points import choose
from duchenne.training.standardise import Standardiser
from duchenne.training.windows import Ruler

Numbers = npt.NDArray[np.int64]


class Prepared(NamedTuple):
    """A fold with everything that was fitted for it, all of it on the clips of `subjects`."""

    task: Task
    network: Settings
    markers: Standardiser | None  # None where the network has nothing to do with D-Markers
    scale: float | None  # of motion or velocity; None where shapes are shown
    subjects: tuple[str, ...]


def prepare(
    fold: str,
    clips: Sequence[Clip],
    *,
    roles: Mapping[str, str],
    subjects: Mapping[str, str],
    classes: int,
    settings: Training,
    device: torch.device,
) -> Prepared:
    """A fold with its network, fresh from the seed. `roles` and `subjects` are by clip."""
    _check(clips)
    face = topology.of(clips[0].xyz.shape[1])
    points = choose(face, wanted=settings.net.points)
    network = network_settings(settings, points=len(points.chosen), classes=classes)
    own = [clip._replace(xyz=clip.xyz[:, points.chosen]) for clip in clips]
    parts = {
        role: np.array([i for i, clip in enumerate(clips) if roles[clip.name] == role], np.int64)
        for role in ("train", "val", "test")
    }
    roles_learnt = ("train", "val") if settings.protocol == "published" else ("train",)
    learns = np.concatenate([parts[role] for role in roles_learnt])
    whose = tuple(sorted({subjects[clips[number].name] for number in learns}))
    fitted = _fitted(clips, learns, whose, settings)
    inputs, scale = _inputs(own, learns, settings)
    store = resident(own, inputs, neighbours=encoders.columns(network), device=device)
    seed_everything(settings.seed, fold)
    task = Task(
        fold=fold,
        network=SmileNet(network).to(device),
        cutter=Cutter(
            clips=store,
            ruler=Ruler(settings.window.frames, settings.window.fps),
            markers=_table(clips, fitted, network, device),
            mirror=torch.from_numpy(points.mirror).to(device),
            velocities=settings.window.shows == "velocity",
        ),
        targets=_targets(clips, fitted, settings, device),
        classes=classes,
        train=parts["train"],
        val=parts["val"],
        test=parts["test"],
        settings=settings,
        unit=scale or 1.0,
        rng=np.random.default_rng([settings.seed, zlib.crc32(fold.encode())]),
    )
    return Prepared(task, network, fitted, scale, whose)


def network_settings(settings: Training, *, points: int, classes: int) -> Settings:
    """The network of these parameters; a face of few landmarks has fewer curves and neighbours."""
    net = settings.net
    try:
        return Settings(
            points=points,
            classes=classes,
            fusion=settings.fusion,
            encoder=net.encoder,
            attention=net.attention,
            latents=net.latents,
            depth=net.depth,
            time_depth=net.time_depth,
            heads=net.heads,
            mlp=net.mlp,
            dropout=net.dropout,
            neighbours=min(net.neighbours, points - 1),
            curves=min(net.curves, points),
            steps=net.steps,
            momentum=net.momentum,
            indicators=net.indicators,
        )
    except ValueError as error:
        raise TrainingError(f"net: {error}") from None


def seed_everything(seed: int, fold: str) -> None:
    """One stream of random numbers for each fold, whatever was trained before it."""
    mixed = np.random.SeedSequence([seed, zlib.crc32(fold.encode()), 1]).generate_state(1)
    torch.manual_seed(int(mixed[0]))


def _check(clips: Sequence[Clip]) -> None:
    """All clips have landmarks of one kind, and a face somewhere."""
    faceless = [clip.name for clip in clips if not np.isfinite(clip.xyz).all(axis=(1, 2)).any()]
    if faceless:
        raise TrainingError(f"no face in any frame of {listed(faceless)}; quality should say so")
    kinds = {clip.xyz.shape[1] for clip in clips}
    if len(kinds) > 1:
        raise TrainingError(f"clips have different numbers of landmarks: {sorted(kinds)}")


def _inputs(
    clips: Sequence[Clip], learns: Numbers, settings: Training
) -> tuple[list[npt.NDArray[np.float32]], float | None]:
    """What the network is shown of each clip, and the scale that was fitted for it."""
    window = settings.window
    match window.shows:
        case "shape":
            return [clip.xyz for clip in clips], None
        case "motion":
            moves = [motion.of(clip, neutral_s=window.neutral_s) for clip in clips]
        case "velocity":
            moves = [velocity.of(clip, step_s=1.0 / window.fps) for clip in clips]
    scale = motion.scale([moves[number] for number in learns])
    return [moved / np.float32(scale) for moved in moves], scale


def _fitted(
    clips: Sequence[Clip], learns: Numbers, whose: Sequence[str], settings: Training
) -> Standardiser | None:
    if settings.fusion == "none":
        return None
    return standardise.fit(markers(clips)[learns], whose)


def _table(
    clips: Sequence[Clip], fitted: Standardiser | None, network: Settings, device: torch.device
) -> Table:
    if fitted is None or not fusion.columns(network):
        nothing = torch.zeros((len(clips), 0), device=device)
        return Table(nothing, nothing)
    given = markers(clips)
    plain, other = (
        fitted.table(values, indicators=network.indicators, device=device)
        for values in (given, standardise.mirrored(given))
    )
    return Table(plain, other)


def _targets(
    clips: Sequence[Clip], fitted: Standardiser | None, settings: Training, device: torch.device
) -> Targets | None:
    if fitted is None or settings.fusion != "multitask":
        return None
    given = markers(clips)
    values, valid = fitted.targets(given, device=device)
    in_mirror, _ = fitted.targets(standardise.mirrored(given), device=device)
    return Targets(values, in_mirror, valid, settings.multitask.weight)
