"""The landmarks table: a face without its head's motion, and what can be trusted of it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np

from duchenne.config.params import Normalize
from duchenne.errors import Unusable
from duchenne.face import topology
from duchenne.face.normalize import Normalised, minmax, rigid
from duchenne.face.quality import Quality, measure
from duchenne.flow.unit import Recipe
from duchenne.tables import parquet, schemas
from duchenne.tables.stored import MeshClip, read_boxes, read_mesh

GROUP = 1024  # frames in a row group: 6 MB of landmarks


def write_landmarks(mesh: Path, faces: Path | None, target: Path, *, recipe: Recipe) -> None:
    """Normalise a clip; its quality is measured on the way and kept in the file's metadata."""
    clip = read_mesh(mesh)
    shape = topology.of(clip.xyz.shape[1])
    done = _normalised(clip, shape, cast(Normalize, recipe.params))
    if not np.isfinite(done.xyz).any():
        raise Unusable("no_neutral", "the eyes cannot be made out in any of the first frames")
    table = schemas.landmarks(shape.points)
    boxes = read_boxes(faces)[0] if faces else np.full((len(clip.times), 4), np.nan)
    quality = _quality(clip, done, boxes, recipe)
    with parquet.Writer(table, target, made_by=recipe.made_by()) as writer:
        for start in range(0, len(clip.times), GROUP):
            writer.append(_columns(clip, done, slice(start, start + GROUP)))
        writer.facts(points=shape.points, frames=len(clip.times), **asdict(quality))


def read_quality(path: Path) -> tuple[int, Quality]:
    """Number of frames and quality of a clip, from the metadata of its landmarks."""
    facts = parquet.facts(path)
    measures = {name: float(facts[name]) for name in Quality.__dataclass_fields__}
    return int(facts["frames"]), Quality(**measures)


def _normalised(clip: MeshClip, shape: topology.Topology, params: Normalize) -> Normalised:
    how = {"neutral_s": params.neutral_s, "max_gap": params.max_gap}
    if params.method == "minmax":
        return minmax(clip.xyz, clip.times, size=clip.size, topology=shape, **how)
    return rigid(clip.xyz, clip.times, topology=shape, **how)


def _quality(clip: MeshClip, done: Normalised, boxes: Any, recipe: Recipe) -> Quality:
    """Tremble is measured on rigid landmarks, whatever the method is."""
    params = cast(Normalize, recipe.params)
    shape = topology.of(clip.xyz.shape[1])
    plain = done
    if params.method != "rigid":
        plain = _normalised(clip, shape, params.model_copy(update={"method": "rigid"}))
    return measure(plain, clip.times, boxes=boxes, topology=shape)


def _columns(clip: MeshClip, done: Normalised, rows: slice) -> dict[str, Any]:
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
        "xyz": schemas.landmark_column(done.xyz[rows]),
    }
