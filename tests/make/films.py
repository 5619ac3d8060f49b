"""Clips of faces that do not smile: stills, rest, speech-like motion, other expressions.

The demo holds smiles alone. These have the demo's people, blinks, head motion and camera, and other
motion of the mouth; they have no label. Each can be rendered, or made as landmarks at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from duchenne.datasets.demo import ClipPlan, View
from duchenne.datasets.demo import plan as plan_demo
from duchenne.datasets.demo.fields import (
    BROWS,
    CHEEKS,
    CORNER_OUT,
    CORNER_UP,
    CORNERS,
    EYES,
    INNER_LIPS,
    MID_LIPS,
    MIDLINE,
    OUTER_LIPS,
    OVAL,
    Fields,
    Grid,
    spread,
)
from duchenne.datasets.demo.portrait import FaceAxes, Image, Points
from duchenne.datasets.demo.render import film, portrait_drives
from duchenne.datasets.demo.sitter import MOVING, NEAR, Sitter, sit
from duchenne.datasets.demo.video import encode
from duchenne.face.topology import MESH
from tests.make.faces import move, smiling

Array = NDArray[np.float64]

# None of them is a smile. `still` is one picture with camera noise, `rest` a face that blinks.
KINDS = ("still", "rest", "speech", "disgust", "fear")

LOWER_LIP = (17, 14, 146, 91, 181, 84, 375, 321, 405, 314, 95, 88, 178, 87, 324, 318, 402, 317)
UPPER_LIP = (0, 13, 185, 40, 39, 37, 409, 270, 269, 267, 191, 80, 81, 82, 415, 310, 311, 312)
CHIN = (152, 148, 176, 149, 150, 377, 400, 378, 379, 199, 175)
NOSTRILS = (2, 98, 327)
# Drops of the lower lip and chin, and rises of the upper lip and nostrils, by one unit of drive, in
# distances between the outer eye corners.
JAW, LIP, NOSTRIL = 0.09, 0.05, 0.025

SYLLABLES_HZ = (3.0, 6.0)
PAUSE = 0.15  # share of the syllables that are followed by a pause
# Least and greatest drives in a syllable. A corner moves by as much as in a third of a smile, but
# inwards as often as outwards, and for as long as a syllable.
OPENING, OUTWARDS, UPWARDS = (0.3, 1.0), (-0.5, 0.25), (-0.3, 0.15)
# Drives of expressions, and the closing of the lids, at their height.
EXPRESSIONS = {"disgust": (-0.15, 0.1, 0.1, 1.0, 0.25), "fear": (0.6, -0.5, 0.5, 0.0, 0.0)}


class Mouth(NamedTuple):
    """Drives of a mouth that does not smile, (T,) each; 0 is rest.

    `out` and `up` move both lip corners, 1 as far as a full smile does. `jaw` opens the mouth,
    `lip` raises the upper lip and the nostrils.
    """

    out: Array
    up: Array
    jaw: Array
    lip: Array


@dataclass(frozen=True)
class Film:
    """A clip without a smile: `clip` has all but the mouth, `knots` are speech (K, 4): time in s,
    `out`, `up`, `jaw`."""

    kind: str
    clip: ClipPlan
    knots: tuple[tuple[float, float, float, float], ...] = ()

    def mouth(self, time: Array) -> Mouth:
        """The drives of the mouth at `time`, (T,) s."""
        none = np.zeros_like(time)
        if self.kind == "speech":
            known = np.array(self.knots)
            out, up, jaw = PchipInterpolator(known[:, 0], known[:, 1:])(time).T
            return Mouth(out, up, jaw, none)
        if self.kind in EXPRESSIONS:
            smile = replace(self.clip.smile, amplitude=1.0)
            course = smile.drives(time).lip
            out, up, jaw, lip, _ = EXPRESSIONS[self.kind]
            return Mouth(out * course, up * course, jaw * course, lip * course)
        return Mouth(none, none, none, none)


def films(kind: str, *, seed: int, count: int, size: int = 256) -> list[Film]:
    """`count` clips of a kind, of as many people."""
    plans = plan_demo(seed=seed, subjects=count, clips_per_subject=2, size=size, kinds=("plain",))
    return [_without_smile(clip, kind, number) for number, clip in enumerate(plans[::2])]


def render(film_: Film, times: Array | None = None) -> Iterator[Image]:
    """Frames (size, size, 3) BGR."""
    clip = film_.clip
    time = clip.times() if times is None else times
    sitter = _with_mouth(sit(clip.look, reach=NEAR.side / 2 - 1))
    drives = portrait_drives(clip, time)
    all_drives = np.column_stack((drives[:, :-1], *film_.mouth(time), drives[:, -1]))
    return film(clip, sitter, all_drives, times=time, view=View())


def write(film_: Film, path: Path) -> None:
    """Render into an mp4 file."""
    clip = film_.clip
    encode(path, render(film_), time=clip.times(), size=clip.size, fps=clip.fps)


def landmarks(film_: Film, times: Array) -> Array:
    """Landmarks (T, 478, 3) of the same motion, as tests.make.faces places them."""
    xyz = smiling(film_.clip.drives(times))
    mouth, corners = film_.mouth(times), MESH.lip_corners
    for side, sign in ((corners.right, -1.0), (corners.left, 1.0)):
        move(xyz, side, x=sign * 0.12 * mouth.out, y=-0.1 * mouth.up)
    # The outer corners of the eyes are some 1.5 times as far apart as their centres.
    move(xyz, LOWER_LIP, y=1.5 * JAW * mouth.jaw)
    move(xyz, UPPER_LIP, y=-1.5 * LIP * mouth.lip)
    return xyz


def _without_smile(clip: ClipPlan, kind: str, number: int) -> Film:
    lids = EXPRESSIONS[kind][4] if kind in EXPRESSIONS else 0.0
    calm = replace(clip.smile, amplitude=0.0, cheek_raise=0.0, constriction=lids, asymmetry=0.0)
    clip = replace(clip, clip=f"{kind}_{number}", kind=kind, smile=calm)
    if kind == "still":
        ways = {name: replace(sway, waves=()) for name, sway in vars(clip.head).items()}
        clip = replace(clip, blinks=(), head=replace(clip.head, **ways))
    knots = _syllables(clip.seconds, np.random.default_rng(clip.noise_seed))
    return Film(kind, clip, knots if kind == "speech" else ())


def _syllables(
    seconds: float, rng: np.random.Generator
) -> tuple[tuple[float, float, float, float], ...]:
    """Knots of speech: the mouth opens in the middle of each syllable, and rests in pauses."""
    time = float(rng.uniform(0.0, 0.5))
    knots = [(-1.0, 0.0, 0.0, 0.0), (time, 0.0, 0.0, 0.0)]
    while time < seconds:
        half = 0.5 / float(rng.uniform(*SYLLABLES_HZ))
        out, up, jaw = (float(rng.uniform(*way)) for way in (OUTWARDS, UPWARDS, OPENING))
        knots.append((time + half, out, up, jaw))
        knots.append((time + 2 * half, 0.0, 0.0, 0.1))
        time += 2 * half
        if rng.random() < PAUSE:
            time += float(rng.uniform(0.2, 0.5))
            knots.append((time, 0.0, 0.0, 0.0))
    return tuple(knots)


def _with_mouth(sitter: Sitter) -> Sitter:
    own = sitter.fields
    unit = np.concatenate((own.unit, _mouth_fields(sitter.points, own.corner)))
    return replace(sitter, fields=Fields(unit, own.corner))


def _mouth_fields(points: Points, corner: tuple[int, int]) -> Grid:
    """The fields of Mouth, (4, H, W, 2)."""
    axes = FaceAxes.from_mesh(points)
    lips = (*CORNERS, *MID_LIPS, *OUTER_LIPS[0], *OUTER_LIPS[1], *INNER_LIPS[0], *INNER_LIPS[1])
    still = (*CHEEKS[0], *CHEEKS[1], *EYES[0], *EYES[1], *OVAL, *BROWS, *MIDLINE)
    index = np.array([*lips, *still])
    uv = axes.to_face(points[index])
    middle, half = (
        axes.to_face(points[[1]])[0, 0],
        np.ptp(axes.to_face(points[[*CORNERS]])[:, 0]) / 2,
    )
    side = np.clip((uv[: len(lips), 0] - middle) / half, -1.0, 1.0)
    moves = np.zeros((len(index), 4, 2))
    moves[: len(lips), 0, 0] = CORNER_OUT * np.sign(side) * np.abs(side) ** 1.5
    moves[: len(lips), 1, 1] = -CORNER_UP * np.abs(side) ** 1.5
    moves[np.isin(index, (*LOWER_LIP, *CHIN)), 2, 1] = JAW
    moves[np.isin(index, UPPER_LIP), 3, 1] = -LIP
    moves[np.isin(index, NOSTRILS), 3, 1] = -NOSTRIL
    shifts = axes.vectors(moves.reshape(-1, 2)).reshape(len(index), -1)
    return spread(points[index], shifts, corner=corner, side=MOVING)
