"""Lay the mesh on the followed face of every frame, or read landmarks that came without video.

A unit is a clip. Each frame's landmarks depend on that frame and its box alone; they are in px of
the upright source, and NaN where there is no face.
"""

from pathlib import Path

from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.unit import Input, Outcome, Recipe, Unit
from duchenne.mesh import mesh_params, weights, write_array, write_mesh
from duchenne.pipeline import clips
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.parquet import read
from duchenne.tables.schemas import CLIPS, mesh

LIBRARIES = ("dlib-bin", "mediapipe", "opencv-contrib-python")


def lay_mesh(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    if unit.spec["kind"] == "landmarks":
        write_array(unit.inputs[0], out, label_name=unit.spec["label_name"], recipe=recipe)
    else:
        write_mesh(unit.inputs[0].path, unit.inputs[1].path, out, recipe=recipe)
    return Outcome()


def unit_of(clip: clips.Clip, *, raw: Path, made: list[Path]) -> Unit:
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
    params = mesh_params(stage.params.mesh, stage.params.datasets[stage.params.dataset])
    fan_out(
        lay_mesh,
        [unit_of(clip, raw=raw, made=made) for clip in table if clip["clip"] in names],
        recipe=stage.recipe(params, *LIBRARIES, writes=mesh(478), models=weights(params)),
        places=Places(stage.out("data/mesh"), ".parquet", stage.out("data/status/mesh.parquet")),
        settings=stage.engine,
        max_failed=stage.params.quality.max_failed,
        earlier=carried,
    )


def main() -> int:
    return execute("mesh")


if __name__ == "__main__":
    raise SystemExit(main())
