"""The mesh table: landmarks of the followed face in px, from frames or from published arrays."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from duchenne.config.datasets import LandmarkArrays
from duchenne.config.params import Mesh
from duchenne.config.yaml import Section
from duchenne.errors import Unusable
from duchenne.face.mesh import Mesher, open_mesh, weights_of
from duchenne.flow.unit import Input, Recipe
from duchenne.media.arrays import read_array
from duchenne.media.jpeg import decode
from duchenne.tables import parquet, schemas
from duchenne.tables.stored import StoredFrames, read_boxes

GROUP = 64  # frames in a row group: 0.4 MB of landmarks

Landmarks = npt.NDArray[np.float32]


class MeshParams(Section):
    """What decides a mesh: the params of the stage, and how the set's arrays are to be read."""

    mesh: Mesh
    arrays: LandmarkArrays | None


def mesh_params(mesh: Mesh, dataset: Section) -> MeshParams:
    return MeshParams(mesh=mesh, arrays=getattr(dataset, "landmarks", None))


def weights(params: MeshParams) -> tuple[tuple[str, str], ...]:
    """Digests of weights that the user or an extra has brought."""
    mesh = params.mesh
    return weights_of(mesh.backend, model=Path(mesh.model) if mesh.model else None)


class Row(NamedTuple):
    frame: int
    time: float
    xyz: Landmarks  # (N, 3) px
    confidence: float


def write_mesh(frames: Path, faces: Path, target: Path, *, recipe: Recipe) -> None:
    """Mesh every frame of a clip whose face has been followed."""
    params = cast(MeshParams, recipe.params).mesh
    stored = StoredFrames(frames)
    mesher = _mesher(params.backend, params.model, params.margin, params.threads)
    size = (stored.width, stored.height)
    _write(target, _rows(stored, faces, mesher), points=mesher.points, size=size, recipe=recipe)


def write_array(clip: Input, target: Path, *, label_name: str, recipe: Recipe) -> None:
    """Landmarks that were published without their video; its rate may depend on its class."""
    how = cast(MeshParams, recipe.params).arrays
    if how is None:
        raise Unusable(
            "array_unknown",
            "say in params.yaml how the set's arrays are to be read (landmarks: units, width, …)",
        )
    size = (how.width, how.height)
    xyz = read_array(clip.path, sha256=clip.sha256, units=how.units, size=size)
    fps = how.fps[label_name] if isinstance(how.fps, Mapping) else how.fps
    rows = (Row(i, i / fps, face, float("nan")) for i, face in enumerate(xyz))
    _write(target, rows, points=xyz.shape[1], size=size, recipe=recipe)


def _rows(stored: StoredFrames, faces: Path, mesher: Mesher) -> Iterator[Row]:
    across, down = stored.zoom()
    boxes, rolls = read_boxes(faces)
    to_source = np.array((across, down, across), np.float32)
    to_stored = np.array((across, down, across, down))
    for picture, box, roll in zip(stored, boxes / to_stored, rolls, strict=True):
        if np.isnan(box).any():
            nothing = np.full((mesher.points, 3), np.nan, np.float32)
            yield Row(picture.frame, picture.time, nothing, float("nan"))
        else:
            found = mesher(decode(picture.jpeg), box, roll=float(roll))
            yield Row(picture.frame, picture.time, found.xyz * to_source, found.confidence)


def _write(
    target: Path, rows: Iterable[Row], *, points: int, size: tuple[int, int], recipe: Recipe
) -> None:
    table, seen, rows = schemas.mesh(points), False, iter(rows)
    with parquet.Writer(table, target, made_by=recipe.made_by()) as writer:
        while group := list(islice(rows, GROUP)):
            columns = _columns(group)
            seen |= any(columns["success"])
            writer.append(columns)
        if not seen:
            raise Unusable("no_face", "no frame shows a face that the mesh can be laid on")
        writer.facts(points=points, width=size[0], height=size[1])


def _columns(group: list[Row]) -> dict[str, Any]:
    xyz = np.stack([row.xyz for row in group])
    return {
        "frame": [row.frame for row in group],
        "time": [row.time for row in group],
        "success": np.isfinite(xyz).all(axis=(1, 2)),
        "confidence": np.array([row.confidence for row in group], np.float32),
        "xyz": schemas.landmark_column(xyz),
    }


@cache  # starting a model takes longer than a short clip, and it keeps nothing between pictures
def _mesher(backend: str, model: str | None, margin: float | None, threads: int) -> Mesher:
    return open_mesh(backend, model=Path(model) if model else None, margin=margin, threads=threads)
