"""Landmarks of the demo's portrait, seen from the front."""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from duchenne.datasets.demo import portrait
from duchenne.face.pose import frontal
from duchenne.face.topology import DLIB, MESH, MESH_OF_DLIB

Array = NDArray[np.float64]


@cache
def mesh_face() -> Array:
    """The 478 mesh landmarks, (478, 3) inter-ocular distances."""
    text = files("duchenne.datasets.demo").joinpath(portrait.TABLE).read_text(encoding="utf-8")
    table = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1)
    return np.asarray(frontal(table[None, :, 1:], topology=MESH)[0])


@cache
def flat_face() -> Array:
    """The 68 landmarks of iBUG, (68, 3) inter-ocular distances, z = 0."""
    points = mesh_face()[list(MESH_OF_DLIB)] * (1.0, 1.0, 0.0)
    return np.asarray(frontal(points[None], topology=DLIB)[0])
