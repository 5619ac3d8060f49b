"""Data of two plots: the mean smile of each class, and the distribution of some D-Markers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.tables import parquet
from duchenne.tables.dmarkers import DMARKERS, SIGNALS
from duchenne.tables.files import write_csv

Array = npt.NDArray[np.float64]
Row = Mapping[str, Any]

# The D-Markers that the literature names most: speed, duration and symmetry of the lips, and the
# amplitudes of eyes and cheeks.
SHOWN = (
    "mouth_onset_dur",
    "mouth_onset_speed_max_rise",
    "mouth_apex_dur",
    "mouth_apex_amp_max",
    "mouth_apex_left_right",
    "mouth_offset_dur",
    "eyes_apex_amp_mean",
    "cheeks_apex_amp_max",
)
_BEFORE_S, _AFTER_S, _STEP_S = 0.5, 4.0, 0.04


def write_plots(
    signals: Path, dmarkers: Path, clips: pa.Table, smiles: Path, markers: Path
) -> None:
    """Write the data of both plots as CSV: the mean smiles, and the D-Markers."""
    names = dict(zip(clips["clip"].to_pylist(), clips["label_name"].to_pylist(), strict=True))
    table = parquet.read(DMARKERS, dmarkers, columns=["clip", "onset_start", *SHOWN])
    rows = table.to_pylist()
    starts = {row["clip"]: row["onset_start"] for row in rows if np.isfinite(row["onset_start"])}
    write_csv(smiles, ("label", "time", "mean", "low", "high", "clips"),
           _mean_smiles(signals, starts, names))  # fmt: skip
    write_csv(markers, ("clip", "label", "feature", "value"), _values(rows, names))


def _values(rows: Sequence[Row], names: Mapping[str, str]) -> Iterator[Row]:
    for name in SHOWN:
        for row in rows:
            if np.isfinite(row[name]):
                yield {"clip": row["clip"], "label": names[row["clip"]], "feature": name,
                       "value": round(row[name], 6)}  # fmt: skip


def _mean_smiles(
    signals: Path, starts: Mapping[str, float], names: Mapping[str, str]
) -> Iterator[Row]:
    """Mean lip signal of each class around the start of the onset (time 0), with one standard
    deviation to each side, at times that at least half of its clips cover."""
    clock = np.arange(-_BEFORE_S, _AFTER_S, _STEP_S)
    table = parquet.read(SIGNALS, signals, columns=["clip", "time", "lip"])
    lips = {
        clip: np.interp(starts[clip] + clock, own["time"], own["lip"], left=np.nan, right=np.nan)
        for clip, own in _by_clip(table)
        if clip in starts
    }
    for label in sorted({names[clip] for clip in starts}):
        curves = np.array([lips[clip] for clip in starts if names[clip] == label])
        count = np.isfinite(curves).sum(axis=0)
        for moment in np.flatnonzero(2 * count >= len(curves)):
            mean, spread = np.nanmean(curves[:, moment]), np.nanstd(curves[:, moment])
            yield {"label": label, "time": round(clock[moment], 3), "mean": round(mean, 6),
                   "low": round(mean - spread, 6), "high": round(mean + spread, 6),
                   "clips": count[moment]}  # fmt: skip


def _by_clip(table: pa.Table) -> Iterator[tuple[str, dict[str, Array]]]:
    """The rows of each clip as arrays; a clip's rows are adjacent."""
    clips = table["clip"].to_numpy()
    times, lip = table["time"].to_numpy(), table["lip"].to_numpy()
    starts = np.flatnonzero(clips[1:] != clips[:-1]) + 1
    edges = np.concatenate([[0], starts, [len(clips)]]) if len(clips) else starts
    for start, end in pairwise(edges):
        yield str(clips[start]), {"time": times[start:end], "lip": lip[start:end]}
