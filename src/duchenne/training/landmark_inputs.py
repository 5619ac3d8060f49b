"""The inputs of landmark models: the landmarks and D-Markers of the clips of a fold."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from duchenne.config.training import Training
from duchenne.errors import TrainingError, listed
from duchenne.face import topology
from duchenne.face.topology import Topology
from duchenne.nets import fusion
from duchenne.training import movement, standardise
from duchenne.training.landmark_augment import Augment
from duchenne.training.landmark_batches import Clip, LandmarkCutter, Table, markers, store_landmarks
from duchenne.training.losses import Targets
from duchenne.training.prepare import Inputs, neighbours
from duchenne.training.protocol import Numbers, Split
from duchenne.training.standardise import Standardiser
from duchenne.training.windows import ruler_of

_LINES = {"right_eye", "left_eye", "outer_lips"}


def prepare_landmarks(
    of: Split, clips: Sequence[Clip], settings: Training, *, device: torch.device
) -> Inputs:
    """Put the clips on a device as the model sees them, scaled by those that it learns from."""
    _check(clips)
    points, own = _chosen(clips, settings)
    fitted = _fitted(clips, of, settings)
    inputs, scale = _inputs(own, of.learns, settings)
    cutter = _cutter(clips, own, inputs, points, settings, fitted, scale, device=device)
    targets = _targets(clips, fitted, settings, device)
    return Inputs(cutter, len(points.chosen), fitted, targets, scale)


def cutter_as_trained(
    clips: Sequence[Clip],
    settings: Training,
    *,
    fitted: Standardiser | None,
    scale: float | None,
    device: torch.device,
) -> LandmarkCutter:
    """New clips as a trained model sees them, with the statistics of its training clips."""
    _check(clips)
    points, own = _chosen(clips, settings)
    inputs = [clip.xyz for clip in own]
    if scale is not None:
        moves = (movement.measure(clip.times, clip.xyz, settings.window) for clip in own)
        inputs = [moved / np.float32(scale) for moved in moves]
    return _cutter(clips, own, inputs, points, settings, fitted, scale, device=device)


def _chosen(clips: Sequence[Clip], settings: Training) -> tuple["Points", list[Clip]]:
    """The landmarks that the model looks at, and the clips with these alone."""
    face = topology.with_points(clips[0].xyz.shape[1])
    points = choose_points(face, wanted=settings.net.points if settings.net else "all")
    return points, [clip._replace(xyz=clip.xyz[:, points.chosen]) for clip in clips]


def _cutter(  # noqa: PLR0917 - what `prepare_landmarks` has at hand
    clips: Sequence[Clip],
    own: Sequence[Clip],
    inputs: Sequence[npt.NDArray[np.float32]],
    points: "Points",
    settings: Training,
    fitted: Standardiser | None,
    scale: float | None,
    *,
    device: torch.device,
) -> LandmarkCutter:
    searched = _searched(settings, len(points.chosen))
    return LandmarkCutter(
        clips=store_landmarks(own, inputs, neighbours=searched, device=device),
        ruler=ruler_of(settings.window),
        markers=_table(clips, fitted, settings, device),
        mirror=torch.from_numpy(points.mirror).to(device),
        augment=_augment(settings, scale),
        velocities=settings.window.shows == "velocity",
    )


def _augment(settings: Training, scale: float | None) -> Augment:
    """Noise is given in distances between the eyes, and landmarks come in units of the scale."""
    how = settings.augment
    noise = how.noise / (scale or 1.0)
    return Augment(how.mirror, how.rotate, how.scale, how.stretch, noise)


def _searched(settings: Training, points: int) -> int:
    """How many neighbours of a landmark to search, itself included; CurveNet alone needs any."""
    if settings.net is None or settings.net.encoder != "curvenet":
        return 0
    return neighbours(settings.net, points=points) + 1


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
    """The input (T, N, 3) of each clip, and the scale that was fitted for it."""
    window = settings.window
    if window.shows == "shape":
        return [clip.xyz for clip in clips], None
    moves = [movement.measure(clip.times, clip.xyz, window) for clip in clips]
    scale = movement.scale_of(moves[number] for number in learns)
    return [moved / np.float32(scale) for moved in moves], scale


def _fitted(clips: Sequence[Clip], of: Split, settings: Training) -> Standardiser | None:
    if settings.fusion == "none":
        return None
    return standardise.fit(markers(clips)[of.learns], of.subjects)


def _table(
    clips: Sequence[Clip], fitted: Standardiser | None, settings: Training, device: torch.device
) -> Table:
    net = settings.net
    if fitted is None or net is None or not fusion.FUSIONS[settings.fusion].uses_markers:
        nothing = torch.zeros((len(clips), 0), device=device)
        return Table(nothing, nothing)
    given = markers(clips)
    plain, other = (
        fitted.table(values, indicators=net.indicators, device=device)
        for values in (given, standardise.mirrored(given))
    )
    return Table(plain, other)


def _targets(
    clips: Sequence[Clip], fitted: Standardiser | None, settings: Training, device: torch.device
) -> Targets | None:
    if fitted is None or settings.multitask is None or settings.fusion != "multitask":
        return None
    given = markers(clips)
    values, valid = fitted.targets(given, device=device)
    in_mirror, _ = fitted.targets(standardise.mirrored(given), device=device)
    return Targets(values, in_mirror, valid, settings.multitask.weight)


class Points(NamedTuple):
    chosen: Numbers  # (N,) numbers of landmarks, increasing
    mirror: Numbers  # (N,) the place, among them, that each has in a mirror


def choose_points(topology: Topology, *, wanted: str) -> Points:
    """`all` landmarks, or the `features`: eyes, lips and cheeks, which a smile moves, and the nose
    tip and rigid points, which it does not."""
    chosen = np.arange(topology.points)
    if wanted == "features":
        chosen = np.array(sorted(_features(topology)))
    place = {int(point): i for i, point in enumerate(chosen)}
    return Points(chosen, np.array([place[topology.mirror[int(point)]] for point in chosen]))


def _features(topology: Topology) -> set[int]:
    lines = {p for line in topology.outlines if line.name in _LINES for p in line.path}
    sides = [topology.upper_lids, topology.lower_lids, topology.outer_corners,
             topology.inner_corners, topology.lip_corners]  # fmt: skip
    if topology.cheeks:
        sides.append(topology.cheeks)
    corners = {point for side in sides for point in (*side.right, *side.left)}
    found = lines | corners | set(topology.nose_tip) | set(topology.rigid)
    return found | {topology.mirror[point] for point in found}
