"""Cut the chips of a clip from its frames, where landmarks or a detector saw the face."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.errors import Unusable
from duchenne.face import chip, topology
from duchenne.face.crop import Crop
from duchenne.flow.unit import Recipe
from duchenne.media.jpeg import Pixels, decode
from duchenne.media.timeline import thin
from duchenne.tables import parquet, schemas
from duchenne.tables.crops import CropParams
from duchenne.tables.stored import StoredFrames, read_boxes, read_mesh

GROUP = 64  # chips in a row group: 3 MB of the largest

Points = npt.NDArray[np.floating[Any]]


class Placed(NamedTuple):
    """Where the chips of T frames lie, in px of the stored pictures."""

    crops: list[Crop]  # not `is_real` where the face is not seen
    points: Points  # (T, 68, 2), NaN where not known


class Row(NamedTuple):
    frame: int
    time: float
    chip: Pixels | None  # (side, side, C)
    points: Points  # (68, 2) shares of the chip


def write_crops(
    frames: Path, face: Path | None, target: Path, *, aligned: bool, recipe: Recipe
) -> None:
    """Cut chips from a frames table. `face` is the clip's mesh table, by which they are `aligned`;
    of a photograph without one its faces table, or None where that is not known either."""
    params, stored = cast(CropParams, recipe.params), StoredFrames(frames)
    rows, seen = _rows(stored, _placed(stored, face, aligned=aligned), params), False
    table = schemas.crops(params.side, params.channels)
    with parquet.Writer(table, target, made_by=recipe.made_by()) as writer:
        while group := list(islice(rows, GROUP)):
            columns = _columns(group, aligned=aligned)
            seen |= any(columns["success"])
            writer.append(columns)
        if not seen:
            raise Unusable("no_face", f"none of {params.fps:g} frames a second shows the face")
        writer.facts(side=params.side, channels=params.channels, fps=params.fps)


def _placed(stored: StoredFrames, face: Path | None, *, aligned: bool) -> Placed:
    if face is None:
        return Placed([chip.whole(*stored.stored)], _UNKNOWN[None])
    return _by_landmarks(stored, face) if aligned else _by_box(stored, face)


def _by_landmarks(stored: StoredFrames, mesh: Path) -> Placed:
    across, down = stored.zoom()
    xyz = read_mesh(mesh).xyz / np.array((across, down, across), np.float32)
    shape = topology.of(xyz.shape[1])
    named = topology.MESH_OF_DLIB if shape is topology.MESH else range(schemas.IBUG)
    return Placed(chip.aligned(xyz, topology=shape), xyz[:, list(named), :2])


def _by_box(stored: StoredFrames, faces: Path) -> Placed:
    boxes, rolls = read_boxes(faces)
    found = zip(boxes / np.tile(stored.zoom(), 2), rolls.tolist(), strict=True)
    crops = [chip.boxed(box, roll=roll) for box, roll in found]
    return Placed(crops, np.repeat(_UNKNOWN[None], len(crops), axis=0))


def _rows(stored: StoredFrames, placed: Placed, params: CropParams) -> Iterator[Row]:
    """Of the frames chosen by time; the others are not even decoded."""
    times = stored.times
    chosen = set(thin(range(len(times)), fps=params.fps, time=times.__getitem__))
    for number, (picture, crop, points) in enumerate(zip(stored, *placed, strict=True)):
        if number in chosen and crop.is_real:
            pixels = decode(picture.jpeg)
            cut = chip.cut(pixels, crop, side=params.side, channels=params.channels)
            yield Row(picture.frame, picture.time, cut, chip.shares(points, crop))
        elif number in chosen:
            yield Row(picture.frame, picture.time, None, _UNKNOWN)


def _columns(group: list[Row], *, aligned: bool) -> dict[str, Any]:
    seen = [row.chip is not None for row in group]
    points = np.stack([row.points for row in group]).astype(np.float32)
    return {
        "frame": [row.frame for row in group],
        "time": [row.time for row in group],
        "success": seen,
        "aligned": [aligned and each for each in seen],
        "chip": [None if row.chip is None else row.chip.tobytes() for row in group],
        "points": pa.FixedSizeListArray.from_arrays(pa.array(points.ravel()), 2 * schemas.IBUG),
    }


_UNKNOWN = np.full((schemas.IBUG, 2), np.nan)
