"""MediaPipe's two face detectors (BlazeFace), whose weights ship in its wheel.

Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs".
"""

from dataclasses import dataclass
from math import atan2, degrees
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from duchenne.face.graphs import Graph, weights
from duchenne.face.library import load
from duchenne.media.jpeg import Pixels

_SUBGRAPHS = {"full": "FaceDetectionFullRangeCpu", "short": "FaceDetectionShortRangeCpu"}
_WEIGHTS = {
    "full": "face_detection/face_detection_full_range_sparse.tflite",
    "short": "face_detection/face_detection_short_range.tflite",
}
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
    """Centre and longer side in px of the picture; roll in degrees clockwise, from the eyes."""

    x: float
    y: float
    side: float
    roll: float
    score: float


class BlazeFace:
    """`full` finds faces down to a twentieth of the picture, `short` only those that fill it."""

    def __init__(self, reach: Literal["full", "short"], *, min_score: float) -> None:
        self._read = load("mediapipe.python.packet_getter").get_proto_list
        self.digests = weights(_WEIGHTS[reach])
        config = _GRAPH.format(subgraph=_SUBGRAPHS[reach], min_score=min_score)
        self._graph = Graph(config, outputs=("faces",))

    def __call__(self, frame: Pixels) -> list[Sighting]:
        """Faces in `frame`, `(H, W, 3)` BGR, the best first."""
        packet = self._graph(frame).get("faces")
        if packet is None or packet.is_empty():
            return []
        size = np.array(frame.shape[1::-1], dtype=np.float64)
        faces = [_sighting(face, size) for face in self._read(packet)]
        return sorted(faces, key=lambda face: -face.score)


def _sighting(face: Any, size: NDArray[np.float64]) -> Sighting:
    box = face.location_data.relative_bounding_box
    right, left, *_ = face.location_data.relative_keypoints  # the subject's eyes
    across, down = ((left.x - right.x), (left.y - right.y)) * size
    x, y = ((box.xmin + box.width / 2), (box.ymin + box.height / 2)) * size
    side = max((box.width, box.height) * size)
    return Sighting(x, y, side, degrees(atan2(down, across)), face.score[0])
