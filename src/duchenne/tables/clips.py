"""The table of all clips of a data set: `data/clips.parquet`."""

import pyarrow as pa

from duchenne.tables.parquet import Column, Table

STILLS = frozenset({"image", "pixels"})  # kinds of clips that are a single picture

CLIPS = Table(
    name="clips",
    version=2,
    doc="`data/clips.parquet`: every clip of the data set, with its subject and label. Further "
    "columns of subjects.csv or clips.csv (age, age_group, gender, …) follow as they are.",
    columns=(
        Column("clip", pa.string(), "name, unique, made of A-Z a-z 0-9 . _ -"),
        Column("path", pa.string(), "the file, relative to the project"),
        Column("kind", pa.string(), "video, sequence, landmarks, dmarkers, image or pixels"),
        Column(
            "subject", pa.string(), "the person; unknown-… where the set does not say who it is"
        ),
        Column("label", pa.int32(), "1 spontaneous, 0 posed; class number in expression sets"),
        Column("label_name", pa.string(), "the label in words"),
        Column("sha256", pa.string(), "digest of the file; null where it cannot be read", False),
        Column("bytes", pa.int64(), "size of the file; null where it cannot be read", False),
        Column("reason", pa.string(), "why the file cannot be read; empty if it can"),
        Column("detail", pa.string(), "the same in words"),
        Column("seconds", pa.float64(), "length by the file's own header; null if unknown", False),
        Column(
            "fold",
            pa.string(),
            "published fold that tests the clip, or the name of the one "
            "official split; null if there is none",
            False,
        ),
        Column(
            "role",
            pa.string(),
            "train, val or test, of sets with one official split; else null",
            False,
        ),
    ),
    open=True,
)
