"""A FaceLandmarker bundle (`.task`) given by the user, run by MediaPipe's tasks API.

The bundle runs its own detector on our crop; z is as in the Attention Mesh. It gives no score, so
the confidence is 1 if it found a face and 0 if not.
"""

import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike

from duchenne.errors import ParamsError, Unusable
from duchenne.face.crop import Crop
from duchenne.face.mediapipe_graph import load, quiet
from duchenne.face.mesh.base import Points, no_face
from duchenne.media.jpeg import Pixels
from duchenne.media.regular import sha256_of

MARGIN = 2.0  # the bundle's own detector needs the whole head
_SIDE = 384  # px, so that its own crop of the face still has 192


class TasksMesh:
    points = 478

    def __init__(self, *, model: Path, margin: float = MARGIN) -> None:
        library, tasks = load("mediapipe"), load("mediapipe.tasks.python")
        self.digests = ((model.name, bundle_digest(model)),)
        self._margin = margin
        self._image, self._format = library.Image, library.ImageFormat.SRGB
        options = tasks.vision.FaceLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(model)),
            running_mode=tasks.vision.RunningMode.IMAGE,
            num_faces=1,
        )
        try:
            with quiet():
                self._landmarker = tasks.vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise _wrong(model, "MediaPipe finds no face landmarker in it") from error

    def __call__(self, frame: Pixels, box: ArrayLike, *, roll: float = 0.0) -> Points:
        crop = Crop.around(box, margin=self._margin, roll=roll)
        if not crop.is_real:
            return no_face(self.points)
        rgb = cv2.cvtColor(crop.cut(frame, _SIDE), cv2.COLOR_BGR2RGB)
        faces = self._landmarker.detect(self._image(image_format=self._format, data=rgb))
        if not faces.face_landmarks:
            return no_face(self.points, confidence=0.0)
        shares = np.array([(point.x, point.y, point.z) for point in faces.face_landmarks[0]])
        return Points(crop.to_frame(shares).astype(np.float32), 1.0)


def bundle_digest(model: Path) -> str:
    """The sha256 of a bundle; raises ParamsError if the file is none."""
    try:
        digest = sha256_of(model)
    except Unusable as verdict:
        raise _wrong(model, verdict.detail) from verdict
    if not zipfile.is_zipfile(model):
        raise _wrong(model, "a .task bundle is a zip archive, and this is none")
    return digest


def _wrong(model: Path, why: str) -> ParamsError:
    return ParamsError(f"mesh.model: {model} is no FaceLandmarker bundle: {why}.")
