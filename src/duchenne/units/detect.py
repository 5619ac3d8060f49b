"""Detect the face in one clip and track it: a box in each frame, for the mesh."""

from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from duchenne.config.params import Detect
from duchenne.errors import Unusable
from duchenne.face.detect.detector import Detector, open_detector
from duchenne.face.follow import Track, follow, survey, upside_down
from duchenne.flow.unit import Outcome, Recipe, Unit
from duchenne.media.jpeg import decode
from duchenne.tables import parquet
from duchenne.tables.faces import EDGES, FACES
from duchenne.tables.frames import StoredFrames

_LOOKS = 3  # at a clip without a face, turned by 180°


def find_face(unit: Unit, recipe: Recipe, out: Path) -> Outcome:
    """Write the boxes of one clip."""
    [frames] = unit.inputs
    write_faces(frames.path, out, recipe=recipe)
    return Outcome()


def write_faces(source: Path, target: Path, *, recipe: Recipe) -> Track:
    """Track one face through a frames table and write a faces table; Unusable without a face."""
    params = cast(Detect, recipe.params)
    frames = StoredFrames(source)
    track = _track(frames, params)
    across, down = frames.zoom()
    columns = {
        "frame": frames.numbers,
        "time": frames.times,
        **{edge: getattr(track, edge) * (across if edge[0] == "x" else down) for edge in EDGES},
        "roll": track.roll,
        "score": track.score,
        "n_faces": track.n_faces,
    }
    size = {"width": frames.width, "height": frames.height}
    parquet.write(FACES, target, columns, made_by=recipe.made_by(), **size)
    return track


def _track(frames: StoredFrames, params: Detect) -> Track:
    detector = _detector(params.backend, params.threads)
    found = survey(
        ((picture.time, partial(decode, picture.jpeg)) for picture in frames),
        detector,
        every=params.every,
        min_score=params.min_score,
    )
    how: dict[str, Any] = {"select": params.select, "min_score": params.min_score}
    try:
        return follow(found, frames.times, size=frames.stored, **how)
    except Unusable as verdict:
        if verdict.reason != "no_face":
            raise
        chosen = set(np.linspace(0, len(frames.times) - 1, _LOOKS, dtype=int).tolist())
        pictures = [decode(p.jpeg) for place, p in enumerate(frames) if place in chosen]
        if not upside_down(pictures, detector, min_score=params.min_score):
            raise
        detail = f"{verdict.detail}; turned by 180° there is one: turn the picture upright"
        raise Unusable("no_face", detail) from None


@cache  # loading a model takes longer than a short clip; it has no state between pictures
def _detector(backend: str, threads: int) -> Detector:
    return open_detector(backend, threads=threads)
