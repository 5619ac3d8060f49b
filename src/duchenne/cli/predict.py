"""`duchenne predict`: a trained run on new videos."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from duchenne.cli import measure
from duchenne.flow.settings import Settings
from duchenne.predicting import Model, Prediction, load_model, rows_of
from duchenne.tables.files import write_json


class Said(NamedTuple):
    model: Model
    predictions: list[Prediction]
    failed: int  # clips that could not be measured


def predict(
    paths: Sequence[str],
    folder: Path,
    settings: Settings,
    *,
    fps: float | None,
    sha256: str | None = None,
) -> Said:
    """Measure the clips that `paths` name and ask the models in `folder`."""
    model = load_model(folder, sha256=sha256)
    clips = measure.clips_of(paths)
    with tempfile.TemporaryDirectory(prefix="duchenne-") as work:
        found = measure.measured(clips, Path(work), settings, fps=fps)
        said = [model.predict(one) for one in found]
    return Said(model, said, sum(one.status == "failed" for one in found))


def table(said: Said) -> Table:
    """For the terminal."""
    classes = said.model.classes
    shown = f"p({classes[1]})" if len(classes) == 2 else "p"
    title = f"{said.model.settings.model}, {len(said.model.folds)} folds: mean and range"
    found = Table("clip", "like", shown, "of the folds", title=title, title_justify="left")
    for one in said.predictions:
        if one.cannot_say:
            found.add_row(one.clip, "cannot say", "", one.cannot_say)
        else:
            ends = f"{one.low:.3f} to {one.high:.3f}"
            found.add_row(one.clip, one.label, f"{one.probability:.3f}", ends)
    return found


def write(path: Path, said: Said) -> None:
    settings = said.model.settings
    about = {"model": settings.model, "fusion": settings.fusion, "folds": len(said.model.folds),
             "classes": said.model.classes}  # fmt: skip
    write_json(path, {"model": about, "clips": rows_of(said.predictions)})
