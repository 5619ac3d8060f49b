"""Judge every clip by the limits in params.yaml: which are used, and why the others are not.

The gate stops the run when too many clips cannot be used, whatever the reason.
"""

from duchenne.config.models import NEEDS
from duchenne.flow.gate import judge, read_status
from duchenne.pipeline.stage import Stage, execute
from duchenne.quality import judged, summary, table
from duchenne.tables.files import write_json
from duchenne.tables.parquet import read, write
from duchenne.tables.schemas import CLIPS, QUALITY, STILLS


def run(stage: Stage) -> None:
    clips = read(CLIPS, stage.dep("data/clips.parquet")).to_pylist()
    stills = {clip["clip"] for clip in clips if clip["kind"] in STILLS}
    unaligned = stills if NEEDS[stage.params.model].unaligned else set()
    remarks = {row.unit: row for row in read_status(stage.dep("data/status/decode.parquet"))}
    rows = {row.unit: row for row in read_status(stage.dep("data/status/normalize.parquet"))}
    limits, landmarks = stage.params.quality, stage.dep("data/landmarks")
    verdicts = [
        judged(rows[name], landmarks, limits=limits, unaligned=name in unaligned)
        for name in (clip["clip"] for clip in clips)
    ]
    made_by = stage.recipe(limits).made_by()
    rated = table(verdicts, remarks)
    write(QUALITY, stage.out("data/quality.parquet"), rated, made_by=made_by)
    write_json(stage.out("data/reports/quality.json"), summary(verdicts))
    judge([verdict.row for verdict in verdicts], stage="quality", max_failed=limits.max_failed)


def main() -> int:
    return execute("quality")


if __name__ == "__main__":
    raise SystemExit(main())
