"""Train or fit one model per fold, each on subjects that it is not tested on.

A unit is a fold: folds run side by side, on all GPUs or all cores, and a killed one goes on where
it was. How many at once is engine.yaml's and changes no result.
"""

from duchenne.config.training import Training
from duchenne.flow.fanout import Places, fan_out
from duchenne.merging import merge_history, merge_predictions
from duchenne.pipeline.clips import group_columns
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.parquet import read
from duchenne.tables.schemas import CLIPS, FOLDS, PREDICTIONS
from duchenne.teaching import check_kinds, engine_for, looked_at, teach, units_of

LIBRARIES = ("numpy", "safetensors", "scikit-learn", "torch", "vidaug")


def run(stage: Stage) -> None:
    settings = Training.of(
        stage.params.model, fusion=stage.params.fusion, protocol=stage.params.protocol,
        seed=stage.params.seed, window=stage.params.window, augment=stage.params.augment,
        train=stage.params.train, net=stage.params.net, multitask=stage.params.multitask,
        realsmilenet=stage.params.realsmilenet, scn=stage.params.scn, vit=stage.params.vit,
        pstnet=stage.params.pstnet, p4transformer=stage.params.p4transformer,
        svm=stage.params.svm, trees=stage.params.trees,
    )  # fmt: skip
    clips = read(CLIPS, stage.dep("data/clips.parquet"))
    folds = read(FOLDS, stage.dep("data/folds.parquet"))
    check_kinds(folds, clips, settings)
    seen = {"landmarks": stage.dep("data/landmarks"), "chips": stage.dep("data/crops")}
    looks = looked_at(settings, **seen, dmarkers=stage.dep("data/dmarkers.parquet"))
    recipe = stage.recipe(settings, *LIBRARIES, writes=PREDICTIONS)
    places = Places(stage.out("models/folds"), "", stage.out("data/status/train.parquet"))
    rows = fan_out(
        teach,
        units_of(folds, clips, *looks),
        recipe=recipe,
        places=places,
        settings=engine_for(stage.engine, settings.train),
        max_failed=0.0,
        resumes=True,
    )
    folders = [places.of(row.unit) for row in rows]
    predictions = stage.out("data/predictions.parquet")
    merge_predictions(folders, clips, predictions, groups=group_columns(clips), recipe=recipe)
    merge_history(folders, stage.out("data/history.csv"))


def main() -> int:
    return execute("train")


if __name__ == "__main__":
    raise SystemExit(main())
