"""Normalise the pose of one clip's landmarks, fill short gaps, and measure its quality."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np

from duchenne.config.params import Normalize
from duchenne.errors import Unusable
from duchenne.face import topology
from duchenne.face.normalize import Normalised, minmax, rigid
from duchenne.face.outside import REGIONS, outside
from duchenne.face.quality import Quality, Sights, measure
from duchenne.face.series import Mask
from duchenne.flow.unit import Outcome, Recipe, Unit
from duchenne.tables import parquet
from duchenne.tables.faces import read_boxes
from duchenne.tables.landmarks import landmarks_table
from duchenne.tables.mesh import MeshClip, point_column, read_mesh

GROUP = 1024  # frames in a row group: 6 MB of landmarks


def normalize_clip(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the normalised landmarks of one clip."""
    mesh, *faces = (given.path for given in unit.inputs)
    write_landmarks(mesh, faces[0] if faces else None, out, recipe=recipe)
    return Outcome()


def write_landmarks(mesh: Path, faces: Path | None, target: Path, *, recipe: Recipe) -> None:
    """Normalise a clip and write a landmarks table, with its quality in the metadata."""
    clip = read_mesh(mesh)
    shape = topology.with_points(clip.xyz.shape[1])
    done = _normalised(clip, shape, cast(Normalize, recipe.params))
    if not np.isfinite(done.xyz).any():
        raise Unusable("no_neutral", "the eyes cannot be made out in any of the first frames")
    table = landmarks_table(shape.points)
    if faces:
        boxes, _, people = read_boxes(faces, frames=clip.frames)
    else:
        boxes, people = _extent(clip.xyz[..., :2]), np.full(len(clip.times), np.nan)
    out = outside(clip.xyz, clip.size, topology=shape)
    quality = _quality(clip, done, Sights(boxes, out, people), recipe)
    with parquet.Writer(table, target, made_by=recipe.made_by()) as writer:
        for start in range(0, len(clip.times), GROUP):
            writer.append(_columns(clip, done, out, slice(start, start + GROUP)))
        writer.facts(points=shape.points, frames=len(clip.times), **asdict(quality))


def _normalised(clip: MeshClip, shape: topology.Topology, params: Normalize) -> Normalised:
    how = {"neutral_s": params.neutral_s, "max_gap": params.max_gap}
    if params.method == "minmax":
        return minmax(clip.xyz, clip.times, size=clip.size, topology=shape, **how)
    return rigid(clip.xyz, clip.times, topology=shape, **how)


def _quality(clip: MeshClip, done: Normalised, sights: Sights, recipe: Recipe) -> Quality:
    """The quality of a clip; jitter is measured with rigid normalisation, whatever the method."""
    params = cast(Normalize, recipe.params)
    shape = topology.with_points(clip.xyz.shape[1])
    plain = done
    if params.method != "rigid":
        plain = _normalised(clip, shape, params.model_copy(update={"method": "rigid"}))
    return measure(plain, clip.times, sights, topology=shape)


def _extent(xy: Any) -> Any:
    """Boxes (T, 4) around points (T, N, 2), px: the faces of clips that are landmark arrays."""
    return np.concatenate([xy.min(axis=1), xy.max(axis=1)], axis=1)


def _columns(clip: MeshClip, done: Normalised, out: Mask, rows: slice) -> dict[str, Any]:
    return {
        "frame": clip.frames[rows],
        "time": clip.times[rows],
        "success": np.isfinite(done.xyz[rows]).all(axis=(1, 2)),
        "filled": done.filled[rows],
        "confidence": clip.confidence[rows],
        "yaw": done.pose.yaw[rows],
        "pitch": done.pose.pitch[rows],
        "roll": done.pose.roll[rows],
        "scale": done.scale[rows],
        "residual": done.residual[rows],
        **{f"out_{name}": column[rows] for name, column in zip(REGIONS, out.T, strict=True)},
        "xyz": point_column(done.xyz[rows]),
    }
