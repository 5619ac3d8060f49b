"""Faces without pictures, for tests: the demo's portrait as landmarks, from the front."""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from duchenne.demo import portrait
from duchenne.face.pose import frontal
from duchenne.topology import DLIB, MESH

Array = NDArray[np.float64]

# The mesh landmark at the place of each of dlib's 68: jaw, brows, nose, eyes, lips.
MESH_OF_DLIB = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301),
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)


@cache
def mesh_face() -> Array:
    """(478, 3) in inter-ocular units."""
    text = files("duchenne.demo").joinpath(portrait.TABLE).read_text(encoding="utf-8")
    table = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1)
    return np.asarray(frontal(table[None, :, 1:], topology=MESH)[0])


@cache
def flat_face() -> Array:
    """(68, 3) in inter-ocular units, z = 0."""
    points = mesh_face()[list(MESH_OF_DLIB)] * (1.0, 1.0, 0.0)
    return np.asarray(frontal(points[None], topology=DLIB)[0])
