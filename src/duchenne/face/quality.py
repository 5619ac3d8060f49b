"""How good the landmarks of a clip are: eleven measures, and whether they meet given limits."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.face import series
from duchenne.face.normalize import Normalised
from duchenne.face.outside import REGIONS, shares
from duchenne.face.series import Mask
from duchenne.face.similarity import Array
from duchenne.face.topology import Topology

# The largest angle and the smallest box leave out this share of the frames, as outliers.
_OUTLIERS = 1.0  # %
_MEDIAN_OF_NORMAL = 0.6744897501960817  # the median of |x| for normal noise of spread 1


@dataclass(frozen=True)
class Limits:
    """The limits that a clip must meet to be used."""

    min_seen: float  # fraction of the frames
    max_gap: float  # s
    max_yaw: float  # degrees, as the next two
    max_pitch: float
    max_roll: float
    min_size: float  # px
    max_jitter: float  # inter-ocular distances
    max_outside: float  # fraction of the frames with a face


@dataclass(frozen=True)
class Quality:
    """Measures of one clip; NaN = unknown (no face at all; yaw and pitch of flat points).

    `seen` is the fraction of frames with a face and `gap` the longest time without one, in s;
    `yaw`, `pitch` and `roll` are the largest absolute angles from the front, in degrees; `size` is
    the shorter side of the smallest face box, in px of the original picture; `jitter` is the noise
    of the rigid points in inter-ocular distances; `out_eyes`, `out_cheeks` and `out_mouth` are the
    fractions of the frames with a face in which the region lies outside the picture; `faces` is
    how many people are seen at once, in all but the fullest twentieth of the frames.
    """

    seen: float
    gap: float
    yaw: float
    pitch: float
    roll: float
    size: float
    jitter: float
    out_eyes: float
    out_cheeks: float
    out_mouth: float
    faces: float

    def verdict(self, limits: Limits) -> tuple[str, str] | None:
        """Why the clip is not usable, as a short code and a sentence; None if it is usable."""
        if self.seen == 0.0:
            return "no_face", "no face was found in any frame"
        for reason, broken, detail in self._checks(limits):
            if broken:
                return reason, detail
        return None

    def _checks(self, limits: Limits) -> list[tuple[str, bool, str]]:
        """Code, whether the limit is broken (never for NaN), and sentence; the gravest first."""
        return [
            (
                "few_faces",
                self.seen < limits.min_seen,
                f"a face in {self.seen:.1%} of the frames, fewer than {limits.min_seen:.1%}",
            ),
            (
                "long_gap",
                self.gap > limits.max_gap,
                f"no face for {self.gap:.2f} s at a stretch, longer than {limits.max_gap:.2f} s",
            ),
            *(_outside(name, getattr(self, f"out_{name}"), limits.max_outside) for name in REGIONS),
            _turned("yaw", self.yaw, limits.max_yaw),
            _turned("pitch", self.pitch, limits.max_pitch),
            _turned("roll", self.roll, limits.max_roll),
            (
                "small_face",
                self.size < limits.min_size,
                f"the face is {self.size:.0f} px at its smallest, below {limits.min_size:.0f} px",
            ),
            (
                "unsteady",
                self.jitter > limits.max_jitter,
                f"landmarks tremble by {self.jitter:.4f} inter-ocular distances, "
                f"more than {limits.max_jitter:.4f}",
            ),
        ]


class Sights(NamedTuple):
    """What else is known of T frames."""

    boxes: Array  # (T, 4) x0, y0, x1, y1 of the followed face in px, NaN where there is none
    out: Mask  # (T, 3), the regions that lie outside the picture
    faces: npt.NDArray[Any]  # (T,), how many faces are seen; NaN where not known


def measure(clip: Normalised, times: Array, sights: Sights, *, topology: Topology) -> Quality:
    """The quality of a clip that `normalize.rigid` or `minmax` returned, with frames at (T,) s."""
    boxes = sights.boxes
    gone = shares(sights.out, clip.seen)
    measured = np.where(clip.seen[:, None, None], clip.xyz[:, topology.rigid], np.nan)
    return Quality(
        seen=float(clip.seen.mean()),
        gap=series.longest(clip.seen, times),
        yaw=_high(np.abs(clip.pose.yaw)),
        pitch=_high(np.abs(clip.pose.pitch)),
        roll=_high(np.abs(clip.pose.roll)),
        size=-_high(-np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])),
        jitter=jitter(measured, times),
        **{f"out_{name}": float(x) for name, x in zip(REGIONS, gone, strict=True)},
        faces=float(np.percentile(sights.faces, 95.0, method="lower")),
    )


def jitter(xyz: Array, times: Array) -> float:
    """Standard deviation of the noise of points (T, K, 3) at (T,) s, in their unit; NaN = unknown.

    Each frame is compared with the straight line in time through its two neighbours, which a slow
    movement follows and noise does not. Smiles, blinks and turns of the head depart from that line
    for a few frames only, which the median over time ignores. Only x and y count, since depth is
    the mesh's guess. NaN without three consecutive frames.
    """
    xy = xyz[..., :2].astype(np.float64)
    share = ((times[1:-1] - times[:-2]) / (times[2:] - times[:-2]))[:, None, None]
    bend = xy[1:-1] - (1.0 - share) * xy[:-2] - share * xy[2:]
    bend = bend / np.sqrt(1.0 + share**2 + (1.0 - share) ** 2)  # noise of all three frames
    bend = bend[np.isfinite(bend).all(axis=(1, 2))]
    if not len(bend):
        return float("nan")
    spread = np.median(np.abs(bend), axis=0) / _MEDIAN_OF_NORMAL
    return float(np.sqrt(np.square(spread).mean()))


def _high(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.percentile(known, 100.0 - _OUTLIERS)) if len(known) else float("nan")


def _outside(name: str, share: float, limit: float) -> tuple[str, bool, str]:
    verb = "lies" if name == "mouth" else "lie"
    detail = (
        f"the {name} {verb} outside the picture in {share:.1%} of the frames, above {limit:.1%}"
    )
    return "outside", share > limit, detail


def _turned(name: str, angle: float, limit: float) -> tuple[str, bool, str]:
    detail = f"the head is turned by up to {angle:.0f}° ({name}), more than {limit:.0f}°"
    return "turned_away", angle > limit, detail
