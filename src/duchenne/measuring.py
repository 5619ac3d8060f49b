"""Everything that can be measured of one video, without a data set, labels and folds.

The steps are those of the stages, in one unit: decode, detect, mesh, normalize, dmarkers. Pictures
are deleted once the landmarks are known.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from duchenne.config import params as parameters
from duchenne.config.params import Decode, Detect, DMarkers, Mesh, Normalize, Params, Quality
from duchenne.config.yaml import Section, read_yaml
from duchenne.datasets.clip import kind_of
from duchenne.errors import DatasetError, Unusable
from duchenne.face.quality import Limits
from duchenne.flow.unit import Input, Outcome, Recipe, Unit, installed
from duchenne.media.numbered import digest_of, pictures_in
from duchenne.tables import parquet
from duchenne.tables.blinks import BLINKS
from duchenne.tables.dmarkers import DMARKERS, PACKED, SIGNALS, unpacked
from duchenne.tables.events import EVENTS
from duchenne.tables.files import write_json
from duchenne.tables.landmarks import read_landmarks, read_quality
from duchenne.tables.measured import MEASURED
from duchenne.units.decode import decode_clip
from duchenne.units.detect import find_face
from duchenne.units.dmarkers import files, mark
from duchenne.units.mesh import LIBRARIES, MeshParams, lay_mesh, weights
from duchenne.units.normalize import normalize_clip

if TYPE_CHECKING:
    import pandas as pd

FACTS, LANDMARKS, MARKERS = "facts.json", "landmarks.parquet", "markers"
_DEFAULTS = Path(__file__).with_name("params.yaml")  # a link to the project's own
_PACKAGE = Path(__file__).parent
_LIMITS = tuple(Limits.__dataclass_fields__)


class How(Section):
    """The parameters of all steps."""

    decode: Decode
    detect: Detect
    mesh: Mesh
    normalize: Normalize
    quality: Quality
    dmarkers: DMarkers


def settings(path: Path | None = None) -> How:
    """From a params.yaml, or what the package brings, which knows no data set."""
    if path is not None:
        return _of(parameters.load(path))
    values = read_yaml(_DEFAULTS)
    values["datasets"]["measured"] = {"adapter": "folder"}
    return _of(Params.model_validate({**values, "dataset": "measured"}))


def _of(whole: Params) -> How:
    return How(**{name: getattr(whole, name) for name in How.model_fields})


def recipe(how: How) -> Recipe:
    """What decides a measurement, for the unit cache."""
    libraries = installed("av", "numpy", "pillow", *LIBRARIES)
    models = weights(_mesh(how))
    return Recipe("measure", how, _code(), libraries, models, f"{MEASURED.name}/{MEASURED.version}")


@cache
def _code() -> str:
    """The digest of the package's own code."""
    rooms = ("media", "face", "dmarkers", "tables", "units")
    found = [path for room in rooms for path in sorted((_PACKAGE / room).rglob("*.py"))]
    whole = hashlib.sha256()
    for path in (*found, Path(__file__)):
        whole.update(path.read_bytes())
    return whole.hexdigest()


def unit_of(name: str, path: Path, *, fps: float | None = None) -> Unit:
    """The unit of a video, or of a folder of numbered pictures with `fps` a second."""
    if path.is_dir():
        clip = Input(path, digest_of(pictures_in(path)))
        return Unit(name, (clip,), {"kind": "sequence", "fps": fps})
    return Unit(name, (Input(path),), {"kind": "video"})


def measure_unit(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Measure one clip and write a folder: facts, landmarks, and the tables of `dmarkers`."""
    how = cast(How, recipe.params)
    out.mkdir()
    frames, faces, mesh = (out / f"{name}.parquet" for name in ("frames", "faces", "mesh"))
    landmarks = out / LANDMARKS
    said = [decode_clip(unit, _step(recipe, "decode", how.decode), frames)]
    given = (Input(frames),)
    said.append(find_face(Unit(unit.name, given), _step(recipe, "detect", how.detect), faces))
    both = Unit(unit.name, (Input(frames), Input(faces)), {"kind": unit.spec["kind"]})
    said.append(lay_mesh(both, _step(recipe, "mesh", _mesh(how)), mesh))
    laid = Unit(unit.name, (Input(mesh), Input(faces)))
    said.append(normalize_clip(laid, _step(recipe, "normalize", how.normalize), landmarks))
    done = Unit(unit.name, (Input(landmarks),), {"clip": unit.name})
    said.append(mark(done, _step(recipe, "dmarkers", how.dmarkers), out / MARKERS))
    facts = parquet.facts(frames)
    for picture in (frames, faces, mesh):
        picture.unlink()
    count, quality = read_quality(landmarks)
    broken = quality.verdict(Limits(**{name: getattr(how.quality, name) for name in _LIMITS}))
    times = read_landmarks(landmarks).times
    found = {"seconds": float(times[-1] - times[0]), "fps": float(facts["fps"]), "frames": count,
             **asdict(quality), "usable": broken is None}  # fmt: skip
    known = {k: v if np.isfinite(v) else None for k, v in found.items()}  # NaN is no JSON
    write_json(out / FACTS, known)
    if broken:
        return Outcome("partial", *broken)
    return next((one for one in said if one.status != "ok" or one.reason), Outcome())


def _mesh(how: How) -> MeshParams:
    return MeshParams(mesh=how.mesh, cuts=how.detect.cuts, arrays=None)


def _step(recipe: Recipe, stage: str, params: Section) -> Recipe:
    return replace(recipe, stage=stage, params=params)


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was measured of one clip; tables are empty if `status` is failed."""

    clip: str
    path: Path
    status: str  # ok, partial or failed
    reason: str
    detail: str
    facts: Mapping[str, Any]  # seconds, fps, frames, usable and the measures of quality
    signals: pa.Table
    markers: pa.Table  # one row: 225 Duchenne Markers and the bounds of the chosen smile
    smiles: pa.Table
    blinks: pa.Table
    times: npt.NDArray[np.float64]  # (T,) s
    landmarks: npt.NDArray[np.float32]  # (T, N, 3), normalised; NaN where no face is seen

    def frame(self, table: str) -> "pd.DataFrame":
        """signals, markers, smiles or blinks as a pandas frame.

        >>> measure("smile.mp4").frame("smiles")  # doctest: +SKIP
        """
        found: pd.DataFrame = getattr(self, table).to_pandas()
        return found

    def row(self) -> dict[str, Any]:
        """The row of MEASURED."""
        measures = {name: self.facts.get(name) for name in MEASURED_FACTS}
        known = {k: float("nan") if v is None and k != "frames" else v for k, v in measures.items()}
        failed = self.status == "failed"
        return {
            "clip": self.clip, "path": str(self.path), "status": self.status,
            "reason": self.reason, "detail": self.detail, **known,
            "usable": bool(self.facts.get("usable")),
            "smiles": None if failed else len(self.smiles),
            "blinks": None if failed else len(self.blinks),
        }  # fmt: skip


_ABOUT = ("clip", "path", "status", "reason", "detail", "usable", "smiles", "blinks")
MEASURED_FACTS = tuple(c.name for c in MEASURED.columns if c.name not in _ABOUT)


def read(name: str, path: Path, outcome: Outcome, folder: Path) -> Measurement:
    """The measurement in the folder of a unit; where it failed there is none."""
    facts: dict[str, Any] = {}
    signals, markers, smiles, blinks = (
        table.schema.empty_table() for table in (SIGNALS, DMARKERS, EVENTS, BLINKS)
    )
    times, landmarks = np.zeros(0), np.zeros((0, 0, 3), np.float32)
    if outcome.status != "failed":
        places = files(folder / MARKERS)
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        signals = parquet.read(SIGNALS, places.signals)
        markers = unpacked(parquet.read(PACKED, places.dmarkers))
        smiles = parquet.read(EVENTS, places.events)
        blinks = parquet.read(BLINKS, places.blinks)
        kept = read_landmarks(folder / LANDMARKS)
        times, landmarks = kept.times, kept.xyz
    said = outcome.status, outcome.reason, outcome.detail
    return Measurement(
        name, path, *said, facts, signals, markers, smiles, blinks, times, landmarks
    )  # fmt: skip


def measure(
    path: str | Path, *, fps: float | None = None, params: Path | None = None
) -> Measurement:
    """Measure a video, or a folder of numbered pictures with `fps` a second, in this process.

    A clip that cannot be measured is a Measurement with status failed and its reason.

    >>> measure("smile.mp4").facts["seconds"]  # doctest: +SKIP
    """
    clip = Path(path)
    if not clip.is_dir() and kind_of(clip.name) != "video":
        raise DatasetError(f"{clip} is no video and no folder of numbered pictures")
    with tempfile.TemporaryDirectory(prefix="duchenne-") as folder:
        out = Path(folder, "clip")
        try:
            done = measure_unit(unit_of("clip", clip, fps=fps), recipe(settings(params)), out)
        except Unusable as verdict:
            done = Outcome("failed", verdict.reason, verdict.detail)
        return read("clip", clip, done, out)
