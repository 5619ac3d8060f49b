"""Cut chips (aligned crops of the face) at the rate of a window, for models of pictures.

A unit is a clip. For other models there are no units, and nothing is read.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.config.models import NEEDS
from duchenne.config.yaml import Section
from duchenne.errors import Unusable
from duchenne.face import chip, topology
from duchenne.face.crop import Crop
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Outcome, Recipe, StatusRow, Unit
from duchenne.media.jpeg import Pixels, decode
from duchenne.media.timeline import thin
from duchenne.pipeline import clips
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables import parquet
from duchenne.tables.clips import CLIPS
from duchenne.tables.crops import IBUG, crops_table
from duchenne.tables.faces import read_boxes
from duchenne.tables.frames import StoredFrames
from duchenne.tables.mesh import read_mesh
from duchenne.tables.parquet import read

GROUP = 64  # chips in a row group: 3 MB of the largest
Points = npt.NDArray[np.floating[Any]]
_UNKNOWN = np.full((IBUG, 2), np.nan)


class CropParams(Section):
    """All parameters of chips. The model is not one, so models with equal chips share them."""

    side: int  # px
    channels: int  # 1: grey, 3: RGB
    fps: float  # chips per second at most


class Placed(NamedTuple):
    """Places of the chips of T frames, in px of the stored pictures."""

    crops: list[Crop]  # not `is_real` where the face is not seen
    points: Points  # (T, 68, 2), NaN where not known


class Cut(NamedTuple):
    """The chip of one frame, None if the face is not seen."""

    frame: int
    time: float
    chip: Pixels | None  # (side, side, C)
    points: Points  # (68, 2) shares of the chip


def cut_chips(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the chips of one clip."""
    frames, *face = (given.path for given in unit.inputs)
    write_crops(frames, face[0] if face else None, out, recipe=recipe, **unit.spec)
    return Outcome()


def unit_of(clip: str, frames: Path, mesh: Path, faces: Path, *, aligned: bool) -> Unit:
    """The unit of a clip, whose inputs are its frames and, if `aligned`, its mesh.

    An unaligned photograph has its faces table instead, if there is one. `frames`, `mesh` and
    `faces` are the folders of the tables.
    """
    face = (mesh if aligned else faces) / f"{clip}.parquet"
    files = [frames / f"{clip}.parquet", *([face] if aligned or face.exists() else [])]
    return Unit(clip, tuple(Input(file) for file in files), {"aligned": aligned})


def units_of(stage: Stage, *, unaligned: bool) -> tuple[list[Unit], list[StatusRow]]:
    """The units of all clips to do, and the status rows of the others."""
    made = [stage.dep("data/frames"), stage.dep("data/mesh"), stage.dep("data/faces")]
    rows = read_status(stage.dep("data/status/mesh.parquet"))
    table = read(CLIPS, stage.dep("data/clips.parquet")).to_pylist()
    shown, carried = clips.shown(rows, table, unaligned=unaligned)
    return [unit_of(name, *made, aligned=aligned) for name, aligned in shown.items()], carried


def write_crops(
    frames: Path, face: Path | None, target: Path, *, aligned: bool, recipe: Recipe
) -> None:
    """Cut chips from a frames table and write a crops table.

    `face` is the clip's mesh table if `aligned`; else, for a photograph, its faces table or None.
    """
    params = cast(CropParams, recipe.params)
    laid = read_mesh(face) if aligned and face else None
    stored = StoredFrames(frames, only=laid.frames if laid else None)
    placed = _by_landmarks(stored, laid.xyz) if laid else _by_box(stored, face)
    rows, seen = _rows(stored, placed, params), False
    table = crops_table(params.side, params.channels)
    with parquet.Writer(table, target, made_by=recipe.made_by()) as writer:
        while group := list(islice(rows, GROUP)):
            columns = _columns(group, aligned=aligned)
            seen |= any(columns["success"])
            writer.append(columns)
        if not seen:
            raise Unusable("no_face", f"none of {params.fps:g} frames a second shows the face")
        writer.facts(side=params.side, channels=params.channels, fps=params.fps)


def _by_landmarks(stored: StoredFrames, xyz: Points) -> Placed:
    across, down = stored.zoom()
    xyz = xyz / np.array((across, down, across), np.float32)
    shape = topology.with_points(xyz.shape[1])
    named = topology.MESH_OF_DLIB if shape is topology.MESH else range(IBUG)
    return Placed(chip.aligned(xyz, topology=shape), xyz[:, list(named), :2])


def _by_box(stored: StoredFrames, faces: Path | None) -> Placed:
    """By the box of the face; without one the whole picture."""
    if faces is None:
        return Placed([chip.whole(*stored.stored)], _UNKNOWN[None])
    boxes, rolls, _ = read_boxes(faces)
    found = zip(boxes / np.tile(stored.zoom(), 2), rolls.tolist(), strict=True)
    crops = [chip.boxed(box, roll=roll) for box, roll in found]
    return Placed(crops, np.repeat(_UNKNOWN[None], len(crops), axis=0))


def _rows(stored: StoredFrames, placed: Placed, params: CropParams) -> Iterator[Cut]:
    """Cut the frames chosen by time; other frames are not decoded."""
    times = stored.times
    chosen = set(thin(range(len(times)), fps=params.fps, time=times.__getitem__))
    for number, (picture, crop, points) in enumerate(zip(stored, *placed, strict=True)):
        if number in chosen and crop.is_real:
            pixels = decode(picture.jpeg)
            cut = chip.cut(pixels, crop, side=params.side, channels=params.channels)
            yield Cut(picture.frame, picture.time, cut, chip.shares(points, crop))
        elif number in chosen:
            yield Cut(picture.frame, picture.time, None, _UNKNOWN)


def _columns(group: list[Cut], *, aligned: bool) -> dict[str, Any]:
    seen = [row.chip is not None for row in group]
    points = np.stack([row.points for row in group]).astype(np.float32)
    return {
        "frame": [row.frame for row in group],
        "time": [row.time for row in group],
        "success": seen,
        "aligned": [aligned and each for each in seen],
        "chip": [None if row.chip is None else row.chip.tobytes() for row in group],
        "points": pa.FixedSizeListArray.from_arrays(pa.array(points.ravel()), 2 * IBUG),
    }


def run(stage: Stage) -> None:
    needs, fps = NEEDS[stage.params.model], stage.params.window.fps
    params = CropParams(**needs.chip._asdict(), fps=fps) if needs.chip else None
    units, carried = units_of(stage, unaligned=needs.unaligned) if needs.chip else ([], [])
    fan_out(
        cut_chips,
        units,
        recipe=stage.recipe(params, "numpy", "opencv-contrib-python", writes=crops_table(48, 3)),
        places=Places(stage.out("data/crops"), ".parquet", stage.out("data/status/crops.parquet")),
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=carried,
    )


def main() -> int:
    return execute("crops")


if __name__ == "__main__":
    raise SystemExit(main())
