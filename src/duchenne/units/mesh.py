"""Fit the face mesh to the tracked face in each frame of one clip, or read a landmark array."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from duchenne.config.datasets import LandmarkArrays
from duchenne.config.params import Mesh
from duchenne.config.yaml import Section
from duchenne.errors import Unusable
from duchenne.face import cuts, topology
from duchenne.face.cuts import View, view_of
from duchenne.face.mesh.base import Mesher
from duchenne.face.mesh.open import open_mesh, weights_of
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.media.arrays import read_array
from duchenne.media.jpeg import decode
from duchenne.tables import parquet
from duchenne.tables.clips import STILLS
from duchenne.tables.faces import read_boxes
from duchenne.tables.frames import StoredFrames
from duchenne.tables.mesh import mesh_table, point_column, read_mesh

LIBRARIES = ("dlib-bin", "mediapipe", "opencv-contrib-python")
GROUP = 64  # frames in a row group: 0.4 MB of landmarks
Landmarks = npt.NDArray[np.float32]


class MeshParams(Section):
    mesh: Mesh
    cuts: Literal["refuse", "longest"]
    arrays: LandmarkArrays | None  # how to read a set's landmark arrays


class Face(NamedTuple):  # in one frame
    frame: int
    time: float
    xyz: Landmarks  # (N, 3) px
    confidence: float


def lay_mesh(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the landmarks of one clip."""
    if unit.spec["kind"] == "landmarks":
        write_array(unit.inputs[0], out, label_name=unit.spec["label_name"], recipe=recipe)
    else:
        moves = unit.spec["kind"] not in STILLS
        return write_mesh(unit.inputs[0].path, unit.inputs[1].path, out, moves=moves, recipe=recipe)
    return Outcome()


def weights(params: MeshParams) -> tuple[tuple[str, str], ...]:
    """Digests of weights that do not come with a pinned package."""
    mesh = params.mesh
    return weights_of(mesh.backend, model=Path(mesh.model) if mesh.model else None)


def write_mesh(frames: Path, faces: Path, target: Path, *, moves: bool, recipe: Recipe) -> Outcome:
    """Fit the mesh in each frame of a clip, given frames and faces tables. Of one that `moves`, no
    photograph, only the piece between two cuts is written."""
    whole, stored = cast(MeshParams, recipe.params), StoredFrames(frames)
    params = whole.mesh
    mesher = _mesher(params.backend, params.model, params.margin, params.threads)
    views: list[View] = []
    size = (stored.width, stored.height)
    write = partial(_write, target, points=mesher.points, size=size, recipe=recipe)
    write(_rows(stored, faces, mesher, views))
    kept = cuts.piece(views, how=whole.cuts) if moves else slice(0, len(views))
    if kept == slice(0, len(views)):
        return Outcome()
    clip, first, last = read_mesh(target), views[kept.start], views[kept.stop - 1]
    columns = (clip.frames[kept], clip.times[kept], clip.xyz[kept], clip.confidence[kept])
    write(map(Face, *columns))
    return Outcome("partial", "cut", f"of a cut film {first.time:.2f} to {last.time:.2f} s is kept")


def write_array(clip: Input, target: Path, *, label_name: str, recipe: Recipe) -> None:
    """Read a landmark array and write a mesh table; the frame rate may depend on the class."""
    how = cast(MeshParams, recipe.params).arrays
    if how is None:
        raise Unusable(
            "array_unknown",
            "say in params.yaml how the set's arrays are to be read (landmarks: units, width, …)",
        )
    size = (how.width, how.height)
    xyz = read_array(clip.path, sha256=clip.sha256, units=how.units, size=size)
    fps = how.fps[label_name] if isinstance(how.fps, Mapping) else how.fps
    rows = (Face(i, i / fps, face, float("nan")) for i, face in enumerate(xyz))
    _write(target, rows, points=xyz.shape[1], size=size, recipe=recipe)


def _rows(stored: StoredFrames, faces: Path, mesher: Mesher, views: list[View]) -> Iterator[Face]:
    """The landmarks of each frame; what it looks like is put into `views`."""
    across, down = stored.zoom()
    boxes, rolls, _ = read_boxes(faces)
    shape = topology.with_points(mesher.points)
    to_source = np.array((across, down, across), np.float32)
    to_stored = np.array((across, down, across, down))
    for picture, box, roll in zip(stored, boxes / to_stored, rolls, strict=True):
        if np.isnan(box).any():
            nothing = np.full((mesher.points, 3), np.nan, np.float32)
            views.append(view_of(picture.frame, picture.time, decode(picture.jpeg), nothing, shape))
            yield Face(picture.frame, picture.time, nothing, float("nan"))
        else:
            pixels = decode(picture.jpeg)
            found = mesher(pixels, box, roll=float(roll))
            views.append(view_of(picture.frame, picture.time, pixels, found.xyz, shape))
            yield Face(picture.frame, picture.time, found.xyz * to_source, found.confidence)


def _write(
    target: Path, rows: Iterable[Face], *, points: int, size: tuple[int, int], recipe: Recipe
) -> None:
    table, seen, rows = mesh_table(points), False, iter(rows)
    with parquet.Writer(table, target, made_by=recipe.made_by()) as writer:
        while group := list(islice(rows, GROUP)):
            columns = _columns(group)
            seen |= any(columns["success"])
            writer.append(columns)
        if not seen:
            raise Unusable("no_face", "no frame shows a face that the mesh can be laid on")
        writer.facts(points=points, width=size[0], height=size[1])


def _columns(group: list[Face]) -> dict[str, Any]:
    xyz = np.stack([row.xyz for row in group])
    return {
        "frame": [row.frame for row in group],
        "time": [row.time for row in group],
        "success": np.isfinite(xyz).all(axis=(1, 2)),
        "confidence": np.array([row.confidence for row in group], np.float32),
        "xyz": point_column(xyz),
    }


@cache  # loading a model takes longer than a short clip; it has no state between pictures
def _mesher(backend: str, model: str | None, margin: float | None, threads: int) -> Mesher:
    return open_mesh(backend, model=Path(model) if model else None, margin=margin, threads=threads)
