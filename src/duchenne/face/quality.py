"""What can be trusted of a clip: a few numbers, and whether they are good enough."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from duchenne.face import gaps
from duchenne.face.normalize import Normalised
from duchenne.face.steadiness import jitter
from duchenne.face.topology import Topology

Array = npt.NDArray[np.floating[Any]]

# "Largest" leaves out this share of the frames, so that no single misread frame condemns a clip.
_OUTLIERS = 1.0  # %


@dataclass(frozen=True)
class Limits:
    """The worst clip that is still used."""

    min_seen: float  # fraction of the frames
    max_gap: float  # s
    max_yaw: float  # degrees, as the next two
    max_pitch: float
    max_roll: float
    min_size: float  # px
    max_jitter: float  # inter-ocular distances


@dataclass(frozen=True)
class Quality:
    """Measures of one clip; NaN = cannot be told (no face at all; yaw and pitch of flat points).

    `seen` is the fraction of frames with a face and `gap` the longest time without one, in s;
    `yaw`, `pitch` and `roll` are the largest turns away from the front, in degrees either way;
    `size` is the shorter side of the smallest face box, in px of the original picture; `jitter` is
    the tremble of the rigid points in inter-ocular distances.
    """

    seen: float
    gap: float
    yaw: float
    pitch: float
    roll: float
    size: float
    jitter: float

    def verdict(self, limits: Limits) -> tuple[str, str] | None:
        """Why the clip should not be used: a short code and a sentence; None where it may be."""
        if self.seen == 0.0:
            return "no_face", "no face was found in any frame"
        for reason, broken, detail in self._checks(limits):
            if broken:
                return reason, detail
        return None

    def _checks(self, limits: Limits) -> list[tuple[str, bool, str]]:
        """Reason, whether it holds (never for NaN), and the sentence, in order of weight."""
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


def measure(clip: Normalised, times: Array, *, boxes: Array, topology: Topology) -> Quality:
    """The quality of a clip that `normalize.rigid` normalised, at (T,) s.

    `boxes` (T, 4) x0, y0, x1, y1 of the followed face in px, NaN where there is none.
    """
    measured = np.where(clip.seen[:, None, None], clip.xyz[:, topology.rigid], np.nan)
    return Quality(
        seen=float(clip.seen.mean()),
        gap=gaps.longest(clip.seen, times),
        yaw=_high(np.abs(clip.pose.yaw)),
        pitch=_high(np.abs(clip.pose.pitch)),
        roll=_high(np.abs(clip.pose.roll)),
        size=-_high(-np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])),
        jitter=jitter(measured, times),
    )


def _high(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.percentile(known, 100.0 - _OUTLIERS)) if len(known) else float("nan")


def _turned(name: str, angle: float, limit: float) -> tuple[str, bool, str]:
    detail = f"the head is turned by up to {angle:.0f}° ({name}), more than {limit:.0f}°"
    return "turned_away", angle > limit, detail
