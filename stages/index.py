"""List the clips of the data set: name, file, subject, label, groups, digest and length.

Problems of the list (duplicates, unlabelled or missing clips, a person under two spellings) are an
error that names all of them. A file that cannot be read stays in the list, and decode gives it a
status row. Missing clips of a published set and rows of subjects.csv without a clip are named in
the report. Published folds are checked if folds.scheme uses them.
"""

import logging

from duchenne.datasets import labels
from duchenne.datasets.adapters import ADAPTERS
from duchenne.datasets.groups import with_age_group
from duchenne.datasets.listing import check, check_contents, measure, summary, table
from duchenne.datasets.published import check_scheme, compare, warnings
from duchenne.pipeline import dvc
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.clips import CLIPS
from duchenne.tables.files import write_json
from duchenne.tables.parquet import write

log = logging.getLogger("duchenne")


def run(stage: Stage) -> None:
    folder = stage.dep("data/raw/${dataset}")
    advice = dvc.advice(folder, stage.root)
    if advice:
        log.warning(advice)
    settings = stage.params.datasets[stage.params.dataset]
    adapter = ADAPTERS[settings.adapter]
    found = with_age_group(adapter.clips(folder, settings), young=stage.params.groups.young)
    check(found, folder)
    folds = labels.read(folder)
    check_scheme(stage.params.folds.scheme, found, folds, folder=folder)
    found = labels.with_folds(found, folds)
    clips = table(found, measure(found, folder), root=stage.root, folder=folder)
    check_contents(clips, folder)
    made_by = stage.recipe(None).made_by()
    write(CLIPS, stage.out("data/clips.parquet"), clips, made_by=made_by)
    facts = summary(clips, dataset=stage.params.dataset)
    facts |= {**compare(adapter, found, folds), **adapter.report(folder, found)}
    for warning in [*warnings(facts), *facts.get("remarks", ())]:
        log.warning(warning)
    write_json(stage.out("data/reports/dataset.json"), facts)


def main() -> int:
    return execute("index")


if __name__ == "__main__":
    raise SystemExit(main())
