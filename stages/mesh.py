"""Fit the face mesh to the tracked face in each frame, or read landmark arrays without video.

A unit is a clip. The landmarks of a frame depend on that frame and its box alone; they are in px of
the upright source, NaN where there is no face.
"""

from pathlib import Path

from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Unit
from duchenne.pipeline import clips
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.clips import CLIPS
from duchenne.tables.mesh import mesh_table
from duchenne.tables.parquet import read
from duchenne.units.mesh import LIBRARIES, MeshParams, lay_mesh, weights


def unit_of(clip: clips.Clip, *, raw: Path, made: list[Path]) -> Unit:
    """The unit of a clip: its array in `raw`, or its tables in the folders `made`."""
    if clip["kind"] == "landmarks":
        spec = {"kind": clip["kind"], "label_name": clip["label_name"]}
        return Unit(clip["clip"], (Input(clips.file_of(clip, raw), clip["sha256"]),), spec)
    files = tuple(Input(folder / f"{clip['clip']}.parquet") for folder in made)
    return Unit(clip["clip"], files, {"kind": clip["kind"]})


def run(stage: Stage) -> None:
    raw = stage.dep("data/raw/${dataset}")
    made = [stage.dep("data/frames"), stage.dep("data/faces")]
    names, carried = clips.of(read_status(stage.dep("data/status/detect.parquet")), pictures=False)
    table = read(CLIPS, stage.dep("data/clips.parquet")).to_pylist()
    arrays = getattr(stage.params.datasets[stage.params.dataset], "landmarks", None)
    params = MeshParams(mesh=stage.params.mesh, cuts=stage.params.detect.cuts, arrays=arrays)
    fan_out(
        lay_mesh,
        [unit_of(clip, raw=raw, made=made) for clip in table if clip["clip"] in names],
        recipe=stage.recipe(params, *LIBRARIES, writes=mesh_table(478), models=weights(params)),
        places=Places(stage.out("data/mesh"), ".parquet", stage.out("data/status/mesh.parquet")),
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=carried,
    )


def main() -> int:
    return execute("mesh")


if __name__ == "__main__":
    raise SystemExit(main())
