"""What is in each table.

Times are seconds, lengths pixels of the upright frame unless a column says otherwise. Whatever has
no value is null here or NaN in number lists, never zero.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.tables.parquet import Column, Table

IBUG = 68  # landmarks that data sets of faces are annotated with
STILLS = frozenset({"image", "pixels"})  # kinds of clip of one picture, in which nothing moves

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

FRAMES = Table(
    name="frames",
    version=1,
    doc="`data/frames/<clip>.parquet`: upright frames with square pixels, chosen by time.",
    columns=(
        Column("frame", pa.int32(), "number of the frame among the decoded ones, from 0"),
        Column("time", pa.float64(), "its own presentation time, s; the first decoded frame is 0"),
        Column("jpeg", pa.binary(), "the picture; its sides may be smaller than the source's"),
    ),
    facts=(
        ("width, height", "of the upright source with square pixels, px"),
        ("fps", "mean frame rate of the source, Hz"),
        ("frames_container", "number of frames by the file's header; empty if it says none"),
        ("frames_decoded", "number of frames that could be decoded"),
        ("frames_damaged", "number of frames left out because their data is damaged"),
        ("frames_missing", "number of frames that the file promises and does not hold"),
        ("packets_damaged", "number of pieces of the file that could not be read"),
        ("times_repaired", "number of frames whose time stamp was missing or not increasing"),
        ("rotation", "by which the source had to be turned clockwise, degrees"),
        ("mirrored", "True where the file asked for left and right to be swapped as well"),
    ),
)

STATUS = Table(
    name="status",
    version=1,
    doc="`data/status/<stage>.parquet`: what became of each unit (clip or fold) in a stage.",
    columns=(
        Column("unit", pa.string(), "clip or fold"),
        Column("status", pa.string(), "ok, partial or failed"),
        Column("reason", pa.string(), "short code; empty if all is well"),
        Column("detail", pa.string(), "the same in words"),
        Column("stage", pa.string(), "the stage that found it: an earlier one's verdict is kept"),
    ),
)

TRUTH = Table(
    name="truth",
    version=1,
    doc="`data/raw/demo/truth.parquet`: the known motion behind each frame of the demo's clips.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        Column("time", pa.float64(), "of the rendered frame, s"),
        Column("lip", pa.float64(), "drive of the lip corners, 0 at rest"),
        Column("cheek", pa.float64(), "drive of the cheeks, 0 at rest"),
        Column("eyelid", pa.float64(), "closing of the lids, 0 open, 1 closed; blinks included"),
        Column("phase", pa.string(), "neutral, onset, apex or offset; changes where the lip drive "
               "crosses 5 % and 95 % of its amplitude"),
    ),
)  # fmt: skip

FACES = Table(
    name="faces",
    version=1,
    doc="`data/faces/<clip>.parquet`: where the one followed face is, in px of the upright source. "
    "NaN where it is not seen.",
    columns=(
        Column("frame", pa.int32(), "as in frames"),
        Column("time", pa.float64(), "as in frames, s"),
        Column("x0", pa.float64(), "left edge of the box, px"),
        Column("y0", pa.float64(), "upper edge, px"),
        Column("x1", pa.float64(), "right edge, px"),
        Column("y1", pa.float64(), "lower edge, px"),
        Column("roll", pa.float64(), "by which the box is turned about its centre, ° clockwise"),
        Column("score", pa.float64(), "of the detection, 0 to 1"),
        Column("n_faces", pa.int32(), "faces seen in the picture"),
    ),
    facts=(("width, height", "as in frames, px"),),
)


def mesh(points: int) -> Table:
    """Landmarks in px; how many depends on the backend."""
    return Table(
        name="mesh",
        version=1,
        doc="`data/mesh/<clip>.parquet`: landmarks in isotropic px of the upright source; x to the "
        "right, y down, z away from the camera. NaN where there is no face, never null or zero.",
        columns=(
            Column("frame", pa.int32(), "as in frames"),
            Column("time", pa.float64(), "as in frames, s"),
            Column("success", pa.bool_(), "whether there are landmarks"),
            Column("confidence", pa.float32(), "that this is a face, 0 to 1; NaN if not known"),
            Column("xyz", _points(points), "x, y, z of each point in turn, px"),
        ),
        facts=(
            ("points", "number of landmarks, 478 or 68"),
            ("width, height", "as in frames, px"),
        ),
    )


def landmarks(points: int) -> Table:
    """Landmarks without the head's motion."""
    return Table(
        name="landmarks",
        version=1,
        doc="`data/landmarks/<clip>.parquet`: landmarks after pose normalisation; the distance "
        "between the eye centres is 1, the origin lies between them, y points down.",
        columns=(
            Column("frame", pa.int32(), "as in frames"),
            Column("time", pa.float64(), "as in frames, s"),
            Column("success", pa.bool_(), "whether there are landmarks, measured or filled in"),
            Column("filled", pa.bool_(), "whether they were interpolated across a short gap"),
            Column("confidence", pa.float32(), "as in mesh"),
            Column("yaw", pa.float64(), "turn of the head to the picture's right, °"),
            Column("pitch", pa.float64(), "turn of the head upwards, °"),
            Column("roll", pa.float64(), "turn of the head clockwise, °"),
            Column("scale", pa.float64(), "px per inter-ocular distance"),
            Column("residual", pa.float64(), "misfit of the rigid points, inter-ocular distances"),
            Column("xyz", _points(points), "x, y, z of each point, inter-ocular distances"),
        ),
        facts=(
            ("points", "number of landmarks, 478 or 68"),
            ("frames", "number of frames"),
            ("seen, gap, yaw, pitch, roll, size, jitter", "as in quality"),
        ),
    )


def crops(side: int, channels: int) -> Table:
    """Chips of a face; how large and whether in colour depends on the model."""
    return Table(
        name="crops",
        version=1,
        doc="`data/crops/<clip>.parquet`: upright pictures of the followed face, all of one size, "
        "with the eyes in one place; at the rate of a window, chosen by time. No files where the "
        "model looks at no pictures.",
        columns=(
            Column("frame", pa.int32(), "as in frames"),
            Column("time", pa.float64(), "as in frames, s"),
            Column("success", pa.bool_(), "whether there is a chip"),
            Column(
                "aligned",
                pa.bool_(),
                "whether landmarks say where it lies; else the box of a photograph's face does, or "
                "the photograph's shape",
            ),
            Column(
                "chip",
                pa.binary(side * side * channels),
                "row by row, from left to right, 0 to 255, red, green, blue or grey; null where "
                "there is none",
                False,
            ),
            Column(
                "points",
                pa.list_(pa.float32(), 2 * IBUG),
                "x and y of each of iBUG's 68 landmarks in turn, in shares of the chip, 0 to 1 "
                "inside it; NaN where not known",
            ),
        ),
        facts=(
            ("side", "of a chip, px"),
            ("channels", "1: grey, 3: red, green and blue"),
            ("fps", "chips per second at most, Hz"),
        ),
    )


def landmark_column(xyz: npt.NDArray[np.float32]) -> pa.FixedSizeListArray:
    """Landmarks (T, N, 3) as a column: x, y, z of each point in turn."""
    flat = np.ascontiguousarray(xyz, dtype=np.float32).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), xyz.shape[1] * 3)


def _points(points: int) -> pa.DataType:
    return pa.list_(pa.float32(), 3 * points)


QUALITY = Table(
    name="quality",
    version=1,
    doc="`data/quality.parquet`: what can be trusted of each clip, and whether it is used.",
    columns=(
        Column("clip", pa.string(), "the clip"),
        Column("used", pa.bool_(), "whether later stages use it"),
        Column("reason", pa.string(), "why not; empty if it is used"),
        Column("detail", pa.string(), "the same in words"),
        Column("frames", pa.int32(), "number of frames"),
        Column("seen", pa.float64(), "fraction of the frames that show the face"),
        Column("gap", pa.float64(), "longest time without the face, s"),
        Column("yaw", pa.float64(), "largest turn sideways, ° (99th percentile, either way)"),
        Column("pitch", pa.float64(), "largest turn up or down, °"),
        Column("roll", pa.float64(), "largest turn in the picture, °"),
        Column("size", pa.float64(), "shorter side of the smallest face box, px"),
        Column("jitter", pa.float64(), "tremble of the rigid points, inter-ocular distances"),
        Column("remark", pa.string(), "what decode said of the file: truncated, times_repaired, …"),
    ),
)

FOLDS = Table(
    name="folds",
    version=1,
    doc="`data/folds.parquet`: each clip's role in each fold; no subject has two in one fold.",
    columns=(
        Column("fold", pa.string(), "name of the fold"),
        Column("clip", pa.string(), "the clip"),
        Column("role", pa.string(), "train, val (chooses the epoch) or test"),
    ),
)

PREDICTIONS = Table(
    name="predictions",
    version=1,
    doc="`data/predictions.parquet`: what each fold's network says of its validation and test "
    "clips. `p_<class>` are probabilities: sets with more classes have p_2 and so on, too. "
    "The clips table's group columns follow.",
    columns=(
        Column("fold", pa.string(), "the fold whose network it is"),
        Column("clip", pa.string(), "the clip"),
        Column("subject", pa.string(), "the person"),
        Column("label", pa.int32(), "as in clips"),
        Column("role", pa.string(), "val or test; scores count test alone"),
        Column("p_0", pa.float64(), "probability of class 0: posed, or the first expression"),
        Column("p_1", pa.float64(), "probability of class 1: spontaneous, or the next expression"),
    ),
    open=True,
)

PROBES = Table(
    name="probes",
    version=1,
    doc="`data/probes.parquet`: what each fold's probes say of its test clips. A probe sees what "
    "should tell nothing (how long a clip is, the resting face): where it is right, the data set "
    "gives the label away.",
    columns=(
        Column("probe", pa.string(), "duration or first_frame"),
        *(column for column in PREDICTIONS.columns),
    ),
    open=True,
)
