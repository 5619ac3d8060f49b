"""Head pose (yaw, pitch, roll), and turning faces to the front."""

from dataclasses import dataclass

import numpy as np

from duchenne.face import similarity
from duchenne.face.similarity import Array, Similarity
from duchenne.face.topology import Topology, at


@dataclass(frozen=True)
class Pose:
    """Angles from a face that looks straight into the camera, (T,) degrees; NaN = unknown.

    yaw > 0: towards the picture's right, the subject's left. pitch > 0: upwards. roll > 0:
    clockwise in the picture, to the subject's left shoulder. Rolling the camera changes roll only.
    """

    yaw: Array
    pitch: Array
    roll: Array


def pose_of(to_front: Array) -> Pose:
    """The pose of heads that the rotations (T, 3, 3) turn to the front.

    A frontal head turned by pitch about x, then yaw about y, then roll about z has that pose; x
    points right, y down and z away from the camera.
    """
    head = np.swapaxes(to_front, 1, 2)
    return Pose(
        yaw=np.degrees(np.arcsin(np.clip(head[:, 2, 0], -1.0, 1.0))),
        pitch=-_angle(head[:, 2, 1], head[:, 2, 2]),
        roll=_angle(head[:, 1, 0], head[:, 0, 0]),
    )


def _angle(rise: Array, run: Array) -> Array:
    """The angle in degrees. For strided arrays numpy picks one of two arctan2 loops by the address
    of the result, and their last digits differ; so both are copied to contiguous memory first.
    """
    rise, run = np.ascontiguousarray(rise), np.ascontiguousarray(run)
    return np.asarray(np.degrees(np.arctan2(rise, run)))


def frontal(faces: Array, *, topology: Topology) -> Array:
    """Faces (T, N, 3) of any size → the same faces seen from the front, in inter-ocular units.

    Origin half-way between the eye centres, whose distance is 1; x to the picture's right, y down,
    z away from the camera. The plane through the eye centres and the nose tip defines the front; it
    leans by `topology.lean` degrees, as the nose protrudes. (Turning that plane itself to the
    camera, as published, shows the face from 43 degrees below.) Centres and tip are those of the
    symmetrised face, so that the orientation does not depend on the noise of four eye corners
    alone. NaN if the three points are collinear.
    """
    even = _symmetric(faces, topology=topology)
    right, left = topology.eye_centres(even)
    middle = (right + left) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.linalg.norm(left - right, axis=-1)
        across = (left - right) / size[:, None]
        down = at(even, topology.nose_tip) - middle
        down = down - (down * across).sum(axis=-1)[:, None] * across
        down = down / np.linalg.norm(down, axis=-1)[:, None]
        axes = np.stack((across, down, np.cross(across, down)), axis=1)
        turn = _leaning(topology.lean) @ axes
        return Similarity(turn, 1.0 / size, middle, np.zeros_like(middle)).apply(faces)


def _symmetric(faces: Array, *, topology: Topology) -> Array:
    """The mean of each face (T, N, 3) and its mirror image, aligned to it by the rigid points."""
    image = faces[:, topology.mirror] * (-1.0, 1.0, 1.0)
    rigid = list(topology.rigid)
    placed = similarity.fit(image[:, rigid], faces[:, rigid], flat=topology.flat)
    return np.asarray((faces + placed.apply(image)) / 2.0)


def _leaning(lean: float) -> Array:
    """Rotation (3, 3); its columns are the eye line, the line to the nose tip and their normal, as
    seen from the front."""
    cosine, sine = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    return np.array([[1.0, 0.0, 0.0], [0.0, cosine, sine], [0.0, -sine, cosine]])
