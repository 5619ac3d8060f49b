"""dlib's 68 points of iBUG 300-W, for comparison with published work; without depth: z is 0.

The predictor (Kazemi & Sullivan 2014, trained by D. King on iBUG 300-W) comes with the extra
`dlib68`. Its licence is MIT, but that of its training pictures excludes commercial use.
It gives no score: the confidence is 1 in every frame with a box.
"""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike

from duchenne.errors import ParamsError
from duchenne.face.crop import Crop
from duchenne.face.mesh.base import Points, no_face
from duchenne.media.jpeg import Pixels
from duchenne.media.regular import sha256_of

MARGIN = 1.35
_PREDICTOR = "shape_predictor_68_face_landmarks.dat"
_SIDE = 256  # px; side of the crop
# The box of dlib's own detector in that crop, for which the predictor was trained: the median over
# 35 faces of seven clips, which agree to 2 % in every direction.
_FACE = (0.186, 0.177, 0.824, 0.816)


class Dlib68:
    points = 68

    def __init__(self, *, margin: float = MARGIN) -> None:
        path = predictor_path()
        import dlib

        self.digests = ((path.name, sha256_of(path)),)
        self._margin = margin
        self._predict = dlib.shape_predictor(str(path))
        edges = [0.5 + (edge - 0.5) * MARGIN / margin for edge in _FACE]
        self._box = dlib.rectangle(*(round(edge * _SIDE) for edge in edges))

    def __call__(self, frame: Pixels, box: ArrayLike, *, roll: float = 0.0) -> Points:
        crop = Crop.around(box, margin=self._margin, roll=roll)
        if not crop.is_real:
            return no_face(self.points)
        rgb = cv2.cvtColor(crop.cut(frame, _SIDE), cv2.COLOR_BGR2RGB)
        shape = self._predict(rgb, self._box)
        # dlib counts from the centre of the first pixel
        shares = np.array([(p.x + 0.5, p.y + 0.5, 0.0) for p in shape.parts()]) / _SIDE
        return Points(crop.to_frame(shares).astype(np.float32), 1.0)


def predictor_path() -> Path:
    """The predictor's file in the extra's package, which is not imported: that would need the old
    API of setuptools."""
    try:
        listed = files("face_recognition_models") or []
    except PackageNotFoundError:
        listed = []
    for file in listed:
        if file.name == _PREDICTOR:
            return Path(str(file.locate()))
    raise ParamsError(
        "mesh.backend=dlib68 needs the extra dlib68 (100 MB): run `.venv/bin/python -m "
        "tools.install dlib68`, or take mesh.backend=attention-mesh"
    )
