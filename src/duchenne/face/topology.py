"""The meaning of landmarks: roles, mirror pairs and outlines of the 478-point mesh and dlib's 68.

`right` and `left` are the subject's, so the right eye is on the left of an unmirrored picture. The
tests check each index against the geometry of a face.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from duchenne.errors import Unusable

Points = npt.NDArray[np.floating[Any]]
Role = tuple[int, ...]  # a point of the face: the mean of these landmarks


@dataclass(frozen=True)
class Sides:
    """The same role on both sides of the face."""

    right: Role
    left: Role


@dataclass(frozen=True)
class Outline:
    """Landmarks to join by lines, in this order; a closed outline ends with its first one."""

    name: str
    path: Role

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        return tuple(pairwise(self.path))


@dataclass(frozen=True)
class Topology:
    """One set of landmarks and the meaning of its indices.

    `rigid` are the points that do not move on the skull; `mirror[i]` is the landmark that `i`
    becomes in a mirror. `lean` is the angle, in degrees on a face that looks straight ahead, from
    straight down to the line from the middle of the eyes to the nose tip, towards the camera.
    `lip_gap` are the inner edges of the upper and the lower lip, in the middle. `flat` landmarks
    have no depth (z = 0). `cheeks` is None if there are no such landmarks.
    """

    points: int
    outer_corners: Sides
    inner_corners: Sides
    upper_lids: Sides
    lower_lids: Sides
    lip_corners: Sides
    lip_gap: tuple[Role, Role]
    cheeks: Sides | None
    nose_tip: Role
    rigid: Role
    mirror: Role
    outlines: tuple[Outline, ...]
    lean: float
    flat: bool

    def eye_centres(self, xyz: Points) -> tuple[Points, Points]:
        """Mid-points between the corners of the right and of the left eye: (…, N, 3) → (…, 3)."""
        outer, inner = self.outer_corners, self.inner_corners
        right, left = outer.right + inner.right, outer.left + inner.left
        return at(xyz, right), at(xyz, left)


def at(xyz: Points, role: Role) -> Points:
    """The point of a role, the mean of its landmarks: (…, N, 3) → (…, 3)."""
    return np.asarray(xyz[..., role, :].mean(axis=-2))


def with_points(points: int) -> Topology:
    """The topology with this number of landmarks."""
    if points not in _TOPOLOGIES:
        known = " and ".join(str(number) for number in _TOPOLOGIES)
        raise Unusable("unknown_landmarks", f"a face of {points} landmarks; known are {known}")
    return _TOPOLOGIES[points]


# ---- The 478 points of MediaPipe's attention mesh ------------------------------------------------
# Apart from the mid-line, the points below 248 lie on the right half of the face; 248 to 467 are
# their mirror images, in the same order. The last ten are the irises: centre, then towards the
# picture's right, top, the picture's left, bottom.
_MIDLINE = (0, 1, 2, 4, 5, 6, *range(8, 20), 94, 151, 152, 164, 168, 175, 195, 197, 199, 200)
_FIRST_LEFT = 248
_IRISES = ((468, 473), (469, 476), (470, 475), (471, 474), (472, 477))

# The points from which pose is estimated: chosen by anatomy, then by how little a known smile,
# blink and brow raise of the demo change the estimated size and pitch (docs/decisions.md).
_RIGID = (
    *(33, 133, 362, 263),  # eye corners, fixed to the bone by the canthal ligaments
    *(168, 6, 197, 122, 351, 193, 417),  # the bony bridge of the nose; a smile moves the rest
    # Temples at the hair line, outside the muscles of smile and brow. Left out are the forehead
    # between them, whose guessed depth tilts the head by degrees when the brows rise, and the
    # temples beside the eyes (127, 34), which bulge with the cheeks.
    *(21, 251, 71, 301),
)
# The outer lip corners are 61 and 291, the inner ones 78 and 308; 62 and 292 lie between. Published
# extractors measure from 62 to 308, which are no mirror pair.
LEGACY_LIP_CORNERS = Sides((62,), (308,))

_RIGHT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
_RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
_RIGHT_IRIS = (469, 470, 471, 472)
_RIGHT_OVAL = (
    *(10, 109, 67, 103, 54, 21, 162, 127, 234, 93),
    *(132, 58, 172, 136, 150, 149, 176, 148, 152),
)
_RIGHT_OUTER_LIPS = (0, 37, 39, 40, 185, 61, 146, 91, 181, 84, 17)
_RIGHT_INNER_LIPS = (13, 82, 81, 80, 191, 78, 95, 88, 178, 87, 14)


def _mesh_mirror() -> Role:
    right = [point for point in range(_FIRST_LEFT) if point not in _MIDLINE]
    return _swapped(478, pairs=[*zip(right, range(_FIRST_LEFT, 468), strict=True), *_IRISES])


def _swapped(points: int, *, pairs: Sequence[tuple[int, int]]) -> Role:
    """The permutation that swaps each pair and keeps the rest."""
    mirror = list(range(points))
    for right, left in pairs:
        mirror[right], mirror[left] = left, right
    return tuple(mirror)


def _ring(path: Role) -> Role:
    return (*path, path[0])


def _mesh_outlines(mirror: Role) -> tuple[Outline, ...]:
    """All outlines from those of the right half and the mirror pairs."""

    def left(path: Role) -> Role:
        return tuple(mirror[point] for point in path)

    def whole(half: Role) -> Role:
        return half + left(half[-2::-1])

    return (
        Outline("right_eye", _ring(_RIGHT_EYE)),
        Outline("left_eye", left(_ring(_RIGHT_EYE))),
        Outline("right_brow", _ring(_RIGHT_BROW)),
        Outline("left_brow", left(_ring(_RIGHT_BROW))),
        Outline("right_iris", _ring(_RIGHT_IRIS)),
        Outline("left_iris", left(_ring(_RIGHT_IRIS))),
        Outline("outer_lips", whole(_RIGHT_OUTER_LIPS)),
        Outline("inner_lips", whole(_RIGHT_INNER_LIPS)),
        Outline("face", whole(_RIGHT_OVAL)),
    )


_MESH_MIRROR = _mesh_mirror()
MESH = Topology(
    points=478,
    outer_corners=Sides((33,), (263,)),
    inner_corners=Sides((133,), (362,)),
    upper_lids=Sides((159,), (386,)),
    lower_lids=Sides((145,), (374,)),
    lip_corners=Sides((61,), (291,)),
    lip_gap=((13,), (14,)),
    cheeks=Sides((50,), (280,)),
    nose_tip=(1,),
    rigid=_RIGID,
    mirror=_MESH_MIRROR,
    outlines=_mesh_outlines(_MESH_MIRROR),
    # Measured on five faces that look straight ahead as 40–45°. With it, mirrored clips differ from
    # the clips by 1.86 instead of 2.03 %, median.
    lean=43.0,
    flat=False,
)


# ---- The 68 points of iBUG and dlib --------------------------------------------------------------
def _line(first: int, last: int) -> Role:
    return tuple(range(first, last + 1))


_DLIB_PAIRS = (
    *((point, 16 - point) for point in range(8)),  # jaw, from ear to ear
    *((point, 43 - point) for point in range(17, 22)),  # brows
    *((31, 35), (32, 34)),  # nostrils
    *((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),  # eyes
    *((48, 54), (49, 53), (50, 52), (59, 55), (58, 56)),  # outer lips
    *((60, 64), (61, 63), (67, 65)),  # inner lips
)
DLIB = Topology(
    points=68,
    outer_corners=Sides((36,), (45,)),
    inner_corners=Sides((39,), (42,)),
    upper_lids=Sides((37, 38), (43, 44)),
    lower_lids=Sides((40, 41), (46, 47)),
    lip_corners=Sides((48,), (54,)),
    lip_gap=((62,), (66,)),
    cheeks=None,
    nose_tip=(30,),
    rigid=(36, 39, 42, 45, 27, 28),  # eye corners and the bony half of the nose's bridge
    mirror=_swapped(68, pairs=_DLIB_PAIRS),
    outlines=(
        Outline("right_eye", _ring(_line(36, 41))),
        Outline("left_eye", _ring(_line(42, 47))),
        Outline("right_brow", _line(17, 21)),
        Outline("left_brow", _line(22, 26)),
        Outline("outer_lips", _ring(_line(48, 59))),
        Outline("inner_lips", _ring(_line(60, 67))),
        Outline("nose_bridge", _line(27, 30)),
        Outline("nostrils", _line(31, 35)),
        Outline("face", _line(0, 16)),
    ),
    lean=0.0,
    flat=True,
)

# The mesh landmark at the place of each of dlib's: the correspondence that circulates without an
# author, but for 0, 16 (162, 389 there) and 17, 26 (71, 301). On 29 faces of five sources, dlib's
# own points lie 0.08 and 0.07 inter-ocular distances from these and 0.24 and 0.12 from those.
MESH_OF_DLIB: Role = (
    *(127, 234, 93, 58, 172, 136, 149, 148, 152),  # jaw, from the right ear to the chin
    *(377, 378, 365, 397, 288, 323, 454, 356),  # and to the left ear
    *(70, 63, 105, 66, 107),  # right brow
    *(336, 296, 334, 293, 300),  # left brow
    *(168, 197, 5, 4),  # bridge of the nose, down to its tip
    *(75, 97, 2, 326, 305),  # nostrils
    *(33, 160, 158, 133, 153, 144),  # right eye
    *(362, 385, 387, 263, 373, 380),  # left eye
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lips
    *(78, 82, 13, 312, 308, 317, 14, 87),  # inner lips
)

_TOPOLOGIES = {topology.points: topology for topology in (MESH, DLIB)}
