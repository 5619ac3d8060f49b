"""`duchenne measure`: numbers and tables from videos, without a data set, labels and DVC."""

import glob
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from duchenne import measuring
from duchenne.datasets.clip import Found, files_in, kind_of, names_of
from duchenne.errors import DatasetError, GateError, Unusable
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.gate import read_status
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Outcome, StatusRow, Unit
from duchenne.measuring import Measurement
from duchenne.media.numbered import pictures_in
from duchenne.tables import parquet
from duchenne.tables.blinks import BLINKS
from duchenne.tables.dmarkers import DMARKERS, SIGNALS
from duchenne.tables.events import EVENTS
from duchenne.tables.files import write_csv
from duchenne.tables.measured import MEASURED

_WORK = ".work"  # in the folder of results, while clips are measured


def clips_of(paths: Sequence[str]) -> dict[str, Path]:
    """The videos, and folders of numbered pictures, that paths and patterns name, by clip name."""
    found: list[Path] = []
    for given in paths:
        path = Path(given)
        places = [path] if path.exists() else [Path(hit) for hit in sorted(glob.glob(given))]  # noqa: PTH207 - may be absolute
        if not places:
            raise DatasetError(f"there is no {given}")
        for place in places:
            found += _inside(place) if place.is_dir() else [_video(place)]
    unique = list(dict.fromkeys(path.absolute() for path in found))
    clips = [
        Found(f"{path.as_posix().lstrip('/')}{'/' if path.is_dir() else ''}", "", 0, "")
        for path in unique
    ]
    return dict(zip(names_of(clips), unique, strict=True))


def _inside(folder: Path) -> list[Path]:
    """All videos below a folder; the folder itself if it holds numbered pictures."""
    videos = [folder / place for place in files_in(folder) if kind_of(place) == "video"]
    if videos:
        return videos
    try:
        pictures_in(folder)
    except Unusable:
        raise DatasetError(f"{folder} holds no videos and no numbered pictures") from None
    return [folder]


def _video(path: Path) -> Path:
    if kind_of(path.name) != "video":
        raise DatasetError(f"{path} is no video; name videos, or folders of numbered pictures")
    return path


def check_out(out: Path, clips: Sequence[Path]) -> None:
    """Refuse a folder of results that is, or lies in, a folder of the clips."""
    target = out.resolve()
    for clip in clips:
        folder = (clip if clip.is_dir() else clip.parent).resolve()
        if target == folder or (clip.is_dir() and target.is_relative_to(folder)):
            raise DatasetError(f"--out: {out} is where {clip.name} lies; name another folder")
    if target.exists() and not target.is_dir():
        raise DatasetError(f"--out: {out} is a file; name a folder")


def measure(
    clips: dict[str, Path], out: Path, settings: Settings, *, fps: float | None, csv: bool
) -> list[Measurement]:
    """Measure all clips and write their tables into the folder `out`."""
    try:
        found = measured(clips, out / _WORK, settings, fps=fps)
        _write(out, found, csv=csv)
    finally:
        shutil.rmtree(out / _WORK, ignore_errors=True)
    return found


def measured(
    clips: dict[str, Path], work: Path, settings: Settings, *, fps: float | None
) -> list[Measurement]:
    """Measure all clips, in workers; `work` is a folder for what is made on the way."""
    project = Path("params.yaml")
    how = measuring.settings(project if Path("dvc.yaml").is_file() else None)
    units, bad = [], {}
    for name, path in clips.items():
        try:
            units.append(measuring.unit_of(name, path, fps=fps))
        except Unusable as verdict:
            bad[name] = StatusRow(name, "failed", verdict.reason, verdict.detail, "measure")
    places = Places(work / "clips", "", work / "status.parquet")
    rows = _done(units, list(bad.values()), how, places, settings)
    return [
        measuring.read(row.unit, clips[row.unit], Outcome(row.status, row.reason, row.detail),
                       places.of(row.unit))
        for row in rows
    ]  # fmt: skip


def _done(
    units: Sequence[Unit],
    bad: Sequence[StatusRow],
    how: measuring.How,
    places: Places,
    settings: Settings,
) -> list[StatusRow]:
    """The status of all clips. A fault of the machine or of our code is a row, too."""
    try:
        return fan_out(
            measuring.measure_unit, units, recipe=measuring.recipe(how), places=places,
            settings=settings, max_failed=1.0, earlier=bad,
        )  # fmt: skip
    except GateError:
        return read_status(places.status)


def _write(out: Path, found: Sequence[Measurement], *, csv: bool) -> None:
    rows = [one.row() for one in found]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    whole = {
        "clips": (MEASURED, parquet.conform(MEASURED, columns)),
        "markers": (DMARKERS, pa.concat_tables([one.markers for one in found if len(one.markers)]
                                               or [DMARKERS.schema.empty_table()])),
        "smiles": (EVENTS, pa.concat_tables([one.smiles for one in found])),
        "blinks": (BLINKS, pa.concat_tables([one.blinks for one in found])),
    }  # fmt: skip
    for name, (table, content) in whole.items():
        parquet.write(table, out / f"{name}.parquet", content)
        _csv(out / f"{name}.csv", content)
    for one in found:
        if one.status != "failed":
            parquet.write(SIGNALS, out / f"signals/{one.clip}.parquet", one.signals)
            if csv:
                _csv(out / f"signals/{one.clip}.csv", one.signals)


def _csv(path: Path, table: pa.Table) -> None:
    rows = ({k: None if v != v else v for k, v in row.items()}  # noqa: PLR0124 - NaN: empty cell
            for row in table.to_pylist())  # fmt: skip
    write_csv(path, table.column_names, rows)
