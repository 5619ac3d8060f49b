"""The Attention Mesh: 468 points of the face and 5 of each iris; weights in MediaPipe's wheel.

Grishchenko et al. 2020, "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time". Only
the network and its decoder are MediaPipe's. The input is our own crop, without MediaPipe's detector
and tracking, so a frame gives the same landmarks alone and within a clip.

z is in the unit of x, negative towards the camera, and about 0 at the middle of the head. It is
the network's guess from one picture, so its scale is less accurate than that of x and y.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from duchenne.face.crop import Crop
from duchenne.face.mediapipe_graph import Graph, load, weights
from duchenne.face.mesh.base import Points, no_face
from duchenne.media.jpeg import Pixels

POINTS = 478
PRESENT = 0.5  # MediaPipe's own threshold on the presence score
# Side of the crop / side of the box. MediaPipe uses 1.5. On demo clips with known lip motion the
# landmarks correlate best with it at 1.35 (r 0.997; 1.2: 0.996, 1.5: 0.994, 1.8: 0.990, 2.1: 0.977)
# and jitter least.
MARGIN = 1.35
_SIDE = 192  # px; the network's input
# A landmark in a protocol buffer: tag, length, then x, y and z, each a tag and a float.
_WIRE = 17
_FIXED, _XYZ_ALONE = (0, 1, 2, 7, 12), (0x0A, 15, 0x0D, 0x15, 0x1D)
_WEIGHTS = "face_landmark/face_landmark_with_attention.tflite"

_GRAPH = """
input_side_packet: "attention"
output_stream: "landmarks"
output_stream: "presence"
node {{
  calculator: "FaceLandmarksModelLoader"
  input_side_packet: "WITH_ATTENTION:attention"
  output_side_packet: "MODEL:model"
}}
node {{
  calculator: "TfLiteCustomOpResolverCalculator"
  output_side_packet: "OP_RESOLVER:operators"
}}
node {{
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image"
  output_stream: "TENSORS:input"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_width: 192
    output_tensor_height: 192
    output_tensor_float_range {{ min: 0 max: 1 }}
  }} }}
}}
node {{
  calculator: "InferenceCalculatorCpu"
  input_side_packet: "MODEL:model"
  input_side_packet: "OP_RESOLVER:operators"
  input_stream: "TENSORS:input"
  output_stream: "TENSORS:output"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
    delegate {{ xnnpack {{ num_threads: {threads} }} }}
  }} }}
}}
node {{
  calculator: "SplitTensorVectorCalculator"
  input_stream: "output"
  output_stream: "regions"
  output_stream: "flag"
  options {{ [mediapipe.SplitVectorCalculatorOptions.ext] {{
    ranges {{ begin: 0 end: 6 }}
    ranges {{ begin: 6 end: 7 }}
  }} }}
}}
node {{
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:flag"
  output_stream: "FLOAT:presence"
  options {{ [mediapipe.TensorsToFloatsCalculatorOptions.ext] {{ activation: SIGMOID }} }}
}}
node {{
  calculator: "TensorsToFaceLandmarksWithAttention"
  input_stream: "TENSORS:regions"
  output_stream: "LANDMARKS:landmarks"
}}
"""


class AttentionMesh:
    points = POINTS

    def __init__(self, *, threads: int = 1, margin: float = MARGIN) -> None:
        self._read = load("mediapipe.python.packet_getter")
        self._margin = margin
        self._graph = Graph(
            _GRAPH.format(threads=threads),
            outputs=("landmarks", "presence"),
            side={"attention": True},
        )

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        return weights(_WEIGHTS)

    def __call__(self, frame: Pixels, box: ArrayLike, *, roll: float = 0.0) -> Points:
        crop = Crop.around(box, margin=self._margin, roll=roll)
        if not crop.is_real:
            return no_face(POINTS)
        packets = self._graph(crop.cut(frame, _SIDE))
        presence = float(self._read.get_float(packets["presence"]))
        if presence < PRESENT:
            return no_face(POINTS, confidence=presence)
        shares = shares_of(self._read.get_proto(packets["landmarks"]))
        return Points(crop.to_frame(shares).astype(np.float32), presence)


def shares_of(landmarks: Any) -> NDArray[np.float64]:
    """`(N, 3)` in fractions of the crop, from a message with N landmarks.

    Reading the message number by number would take a tenth of the network's time.
    """
    wire = np.frombuffer(landmarks.SerializeToString(), np.uint8)
    if wire.size == len(landmarks.landmark) * _WIRE:
        points = wire.reshape(-1, _WIRE)
        if (points[:, _FIXED] == _XYZ_ALONE).all():
            numbers = points[:, 2:].reshape(-1, 3, 5)[..., 1:]  # without the tags
            return np.ascontiguousarray(numbers).view("<f4")[..., 0].astype(np.float64)
    return np.array([(point.x, point.y, point.z) for point in landmarks.landmark])
