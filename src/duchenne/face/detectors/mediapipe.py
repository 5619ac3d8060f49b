"""MediaPipe's detectors on the whole picture: full range first, then short range.

The full-range model finds faces down to a twentieth of the picture's side, but is unsure of one
that fills it (0.5 on demo frames) and misses one that is cut off; the short-range model finds both,
and nothing below a quarter of the picture.
"""

from functools import partial

from duchenne.face.blaze import BlazeFace
from duchenne.face.crop import Crop
from duchenne.media.jpeg import Pixels

_MIN_SCORE = 0.3  # low: letters and clouds pass too, and a closer look rejects them


class MediapipeProposer:
    def __init__(self) -> None:
        models = [BlazeFace(reach, min_score=_MIN_SCORE) for reach in ("full", "short")]
        self.digests = tuple(digest for model in models for digest in model.digests)
        self.searches = [partial(_places, model) for model in models]


def _places(model: BlazeFace, frame: Pixels) -> list[Crop]:
    return [Crop(face.x, face.y, face.side, face.roll) for face in model(frame)]
