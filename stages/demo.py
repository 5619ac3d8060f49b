"""Render the demo: smile videos from a public-domain portrait, and their true motion.

A unit is a clip. The videos are no evidence about real smiles. They let a fresh clone run the whole
pipeline, and tests compare measured with true motion.
"""

from pathlib import Path

from duchenne.datasets import demo
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.unit import Outcome, Recipe, Unit
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.files import write_csv
from duchenne.tables.parquet import write
from duchenne.tables.truth import BLINKS, SMILES, TRUTH


def render_clip(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Render one clip from its plan."""
    demo.write_video(unit.spec, out)
    return Outcome()


def run(stage: Stage) -> None:
    settings = stage.params.datasets["demo"].model_copy(update={"auto": {}, "auto_for": {}})
    folder = stage.out("data/raw/demo")
    plans = demo.plan(**settings.model_dump(exclude={"adapter", "auto", "auto_for"}))
    recipe = stage.recipe(None, "av", "numpy", "opencv-contrib-python", "scikit-image", "scipy")
    fan_out(
        render_clip,
        [Unit(plan.clip, spec=plan) for plan in plans],
        recipe=recipe,
        places=Places(folder, ".mp4", stage.out("data/status/demo.parquet")),
        settings=stage.engine,
        max_failed=0.0,
    )
    made_by = stage.recipe(settings).made_by()
    write(TRUTH, folder / "truth.parquet", demo.truth(plans), made_by=made_by)
    write(SMILES, folder / "smiles.parquet", demo.smiles_table(plans), made_by=made_by)
    write(BLINKS, folder / "blinks.parquet", demo.blinks_table(plans), made_by=made_by)
    people = demo.subjects_table(plans)
    write_csv(folder / "subjects.csv", list(people[0]), people)


def main() -> int:
    return execute("demo")


if __name__ == "__main__":
    raise SystemExit(main())
