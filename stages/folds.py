"""Split the clips that are used into folds: no subject ever has two roles in one of them.

What cannot be trusted stops here, with names; what weakens a result without making it false (a test
part of one class, classes that no subject shares) is said in data/reports/folds.json.
"""

import logging

from duchenne.folds import facts, split
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.files import write_json
from duchenne.tables.parquet import read, write
from duchenne.tables.schemas import CLIPS, FOLDS, QUALITY
from duchenne.within import members

log = logging.getLogger("duchenne")


def run(stage: Stage) -> None:
    clips = read(CLIPS, stage.dep("data/clips.parquet"))
    quality = read(QUALITY, stage.dep("data/quality.parquet")).to_pylist()
    usable = {row["clip"] for row in quality if row["used"]}
    how = stage.params.folds
    used = members(clips, usable, how.within)
    rows = split(clips, used, how)
    names = [column.name for column in FOLDS.columns]
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    made_by = stage.recipe(how).made_by()
    write(FOLDS, stage.out("data/folds.parquet"), columns, made_by=made_by)
    found = facts(clips, used, rows, how)
    for warning in found["warnings"]:
        log.warning(warning)
    found = {"within": how.within, **found}
    write_json(stage.out("data/reports/folds.json"), found)


def main() -> int:
    return execute("folds")


if __name__ == "__main__":
    raise SystemExit(main())
