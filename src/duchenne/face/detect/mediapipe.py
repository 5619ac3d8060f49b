"""MediaPipe's two face detectors (BlazeFace), whose weights are part of its wheel.

Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs".
The full-range model finds faces down to a twentieth of the picture's side, but scores a face that
fills the picture only 0.5 (demo frames) and misses one that is cut off. The short-range model finds
both of these, but nothing below a quarter of the picture.
"""

from dataclasses import dataclass
from functools import partial
from math import atan2, degrees
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from duchenne.face.crop import Crop
from duchenne.face.mediapipe_graph import Graph, load, weights
from duchenne.media.jpeg import Pixels

_SUBGRAPHS = {"full": "FaceDetectionFullRangeCpu", "short": "FaceDetectionShortRangeCpu"}
_WEIGHTS = {
    "full": "face_detection/face_detection_full_range_sparse.tflite",
    "short": "face_detection/face_detection_short_range.tflite",
}
_MIN_SCORE = 0.3  # low: text and clouds pass, too, and `Detector` rejects them
_GRAPH = """
output_stream: "faces"
node {{
  calculator: "{subgraph}"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:faces"
  node_options: {{ [type.googleapis.com/mediapipe.FaceDetectionOptions] {{
    min_score_thresh: {min_score}
  }} }}
}}
"""


@dataclass(frozen=True)
class Sighting:
    """Centre (x, y) and longer side in px of the picture; roll of the eye line in ° clockwise."""

    x: float
    y: float
    side: float
    roll: float
    score: float


class BlazeFace:
    """The full-range or the short-range model."""

    def __init__(self, reach: Literal["full", "short"], *, min_score: float) -> None:
        self._read = load("mediapipe.python.packet_getter").get_proto_list
        self.digests = weights(_WEIGHTS[reach])
        config = _GRAPH.format(subgraph=_SUBGRAPHS[reach], min_score=min_score)
        self._graph = Graph(config, outputs=("faces",))

    def __call__(self, frame: Pixels) -> list[Sighting]:
        """Faces in `frame`, `(H, W, 3)` BGR, in descending order of score."""
        packet = self._graph(frame).get("faces")
        if packet is None or packet.is_empty():
            return []
        size = np.array(frame.shape[1::-1], dtype=np.float64)
        faces = [_sighting(face, size) for face in self._read(packet)]
        return sorted(faces, key=lambda face: -face.score)


class MediapipeProposer:
    """The full-range model, then the short-range model, on the whole picture."""

    def __init__(self) -> None:
        models = [BlazeFace(reach, min_score=_MIN_SCORE) for reach in ("full", "short")]
        self.digests = tuple(digest for model in models for digest in model.digests)
        self.searches = [partial(_places, model) for model in models]


def _sighting(face: Any, size: NDArray[np.float64]) -> Sighting:
    box = face.location_data.relative_bounding_box
    right, left, *_ = face.location_data.relative_keypoints  # the subject's eyes
    across, down = ((left.x - right.x), (left.y - right.y)) * size
    x, y = ((box.xmin + box.width / 2), (box.ymin + box.height / 2)) * size
    side = max((box.width, box.height) * size)
    return Sighting(x, y, side, degrees(atan2(down, across)), face.score[0])


def _places(model: BlazeFace, frame: Pixels) -> list[Crop]:
    return [Crop(face.x, face.y, face.side, face.roll) for face in model(frame)]
