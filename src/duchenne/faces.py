"""The faces table: the one followed face of a clip, found in its frames."""

from functools import cache, partial
from pathlib import Path
from typing import cast

from duchenne.config.params import Detect
from duchenne.face.detect import Detector, open_detector
from duchenne.face.follow import Track, follow
from duchenne.face.survey import survey
from duchenne.flow.unit import Recipe
from duchenne.media.jpeg import decode
from duchenne.tables import parquet, schemas
from duchenne.tables.stored import EDGES, StoredFrames


def write_faces(source: Path, target: Path, *, recipe: Recipe) -> Track:
    """Follow one face through a frames table; Unusable where there is none."""
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
    parquet.write(schemas.FACES, target, columns, made_by=recipe.made_by(), **size)
    return track


def _track(frames: StoredFrames, params: Detect) -> Track:
    found = survey(
        ((picture.time, partial(decode, picture.jpeg)) for picture in frames),
        _detector(params.backend, params.threads),
        every=params.every,
        min_score=params.min_score,
    )
    return follow(
        found,
        frames.times,
        size=frames.stored,
        select=params.select,
        min_score=params.min_score,
    )


@cache  # starting a model takes longer than a short clip, and it keeps nothing between pictures
def _detector(backend: str, threads: int) -> Detector:
    return open_detector(backend, threads=threads)
