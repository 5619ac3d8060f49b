"""Synthetic clips of a face with known motion of the lips: smiles of all sorts, and no smiles.

A motion moves the lip corners outwards and up, parts the lips and closes the lids, in inter-ocular
distances. Noise is as in the real mesh: some of it lasts from frame to frame, some drifts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter

from duchenne.datasets.demo.dynamics import FIVE_PERCENT, rise
from duchenne.datasets.demo.motion import Blink
from duchenne.datasets.demo.plan import ClipPlan, plan
from duchenne.face.topology import MESH
from tests.make.faces import Array, move, still

FPS = 25.0
OUT, UP = 0.12, 0.1  # excursion of a lip corner in a full smile, as `faces.smiling`

Bounds = tuple[float, float, float, float]  # s: 5 and 95 % of the rise, 95 and 5 % of the fall


@dataclass(frozen=True)
class Motion:
    """T frames: `out` and `up` (T, 2) of the right and left corner, `gap` of the lips, `lids`."""

    times: Array
    out: Array
    up: Array
    gap: Array
    lids: Array
    smiles: tuple[Bounds, ...] = ()  # true bounds, s; may lie outside of the clip

    def cut(self, start: float, end: float) -> "Motion":
        """What a clip from `start` to `end` s shows; its times begin at 0."""
        kept = (self.times >= start - 1e-9) & (self.times <= end + 1e-9)
        first = self.times[kept][0]
        smiles = tuple((a - first, b - first, c - first, d - first) for a, b, c, d in self.smiles)
        columns = (self.out[kept], self.up[kept], self.gap[kept], self.lids[kept])
        return Motion(self.times[kept] - first, *columns, smiles)

    def landmarks(self, *, noise: float, seed: int = 0) -> Array:
        """The mesh (T, 478, 3)."""
        xyz = still(len(self.times))
        corners = MESH.lip_corners
        for side, (role, sign) in enumerate(((corners.right, -1.0), (corners.left, 1.0))):
            move(xyz, role, x=sign * self.out[:, side], y=-self.up[:, side])
        move(xyz, MESH.lip_gap[1], y=self.gap)
        for lid in (MESH.upper_lids.right, MESH.upper_lids.left):
            move(xyz, lid, y=0.14 * self.lids)
        return xyz + tremble(xyz.shape, noise, seed=seed)


def tremble(shape: tuple[int, ...], size: float, *, seed: int) -> Array:
    """Noise over frames of standard deviation `size`: four fifths of its variance are forgotten
    within some 0.04 s, the rest within half a second."""
    rng = np.random.default_rng(seed)
    total = np.zeros(shape)
    for share, memory in ((0.8, 0.6), (0.2, 0.92)):
        steps = rng.normal(0.0, size * np.sqrt(share), shape)
        steps[1:] *= np.sqrt(1.0 - memory**2)
        total += lfilter([1.0], [1.0, -memory], steps, axis=0)
    return total


def clock(seconds: float, fps: float = FPS) -> Array:
    return np.arange(round(seconds * fps) + 1) / fps


def quiet(times: Array) -> Motion:
    none = np.zeros((len(times), 2))
    return Motion(times, none, none, none[:, 0], none[:, 0])


# ---- Smiles --------------------------------------------------------------------------------------
def of_plan(clip: ClipPlan, times: Array) -> Motion:
    """A clip of the demo, with its blinks."""
    drives = clip.drives(times)
    lip = np.stack([drives.lip_right, drives.lip_left], axis=1)
    gap = 0.05 * drives.lip
    return Motion(times, OUT * lip, UP * lip, gap, drives.eyelid, (clip.smile.bounds(),))


def course(times: Array, start: float, spans: tuple[float, float, float], drift: float) -> Array:
    """0 at rest, 1 where the apex begins, 1 + `drift` where it ends; spans in s."""
    onset, apex, offset = spans
    fall = start + onset + apex
    slope = 1.0 + drift * np.clip((times - start - onset) / apex, 0.0, 1.0)
    return np.asarray(
        slope * (rise((times - start) / onset) - rise((times - fall) / offset)), np.float64
    )


def smile(
    times: Array,
    start: float,
    spans: tuple[float, float, float],
    *,
    amplitude: float = 1.0,
    asymmetry: float = 0.0,
    drift: float = 0.0,
) -> Motion:
    lip = amplitude * course(times, start, spans, drift)
    both = np.stack([lip * (1.0 - asymmetry / 2.0), lip * (1.0 + asymmetry / 2.0)], axis=1)
    onset, apex, offset = spans
    fall = start + onset + apex
    five = FIVE_PERCENT
    bounds = (start + five * onset, start + (1.0 - five) * onset,
              fall + five * offset, fall + (1.0 - five) * offset)  # fmt: skip
    return Motion(times, OUT * both, UP * both, 0.1 * lip, 0.2 * lip, (bounds,))


def together(*motions: Motion) -> Motion:
    def total(name: str) -> Array:
        return np.asarray(np.sum([getattr(motion, name) for motion in motions], axis=0))

    smiles = tuple(bounds for motion in motions for bounds in motion.smiles)
    out, up, gap, lids = (total(name) for name in ("out", "up", "gap", "lids"))
    return Motion(motions[0].times, out, up, gap, lids, smiles)


def plans(seed: int, count: int) -> list[ClipPlan]:
    drawn = plan(
        seed=seed, subjects=max(count // 4, 1), clips_per_subject=4, size=64, kinds=("plain",)
    )
    return list(drawn[:count])


def plain(seed: int) -> list[Motion]:
    return [of_plan(clip, clip.times()) for clip in plans(seed, 40)]


def blinked(times: Array, rng: np.random.Generator) -> Motion:
    peak = float(rng.uniform(0.0, times[-1]))
    base = quiet(times)
    return replace(base, lids=Blink(peak, 0.9).closure(times))


def cut(seed: int) -> list[Motion]:
    """Plain clips that begin or end anywhere between the middle of a phase and rest; what is left
    holds half of the apex at least, and 0.3 s of rest at its whole end."""
    rng = np.random.default_rng([seed, 1])
    out = []
    for motion in plain(seed):
        a, b, c, d = motion.smiles[0]
        middle, end = (b + c) / 2.0, motion.times[-1]
        if rng.random() < 0.5:
            out.append(motion.cut(float(rng.uniform(a - 0.05, middle)), end))
        else:
            out.append(motion.cut(0.0, float(rng.uniform(middle, d + 0.05))))
    return out


def several(seed: int) -> list[Motion]:
    """Two or three smiles with 0.4 to 1.2 s of rest between."""
    rng = np.random.default_rng([seed, 2])
    out = []
    for _ in range(40):
        times = clock(14.0)
        at, smiles = float(rng.uniform(0.4, 1.0)), []
        for _ in range(int(rng.integers(2, 4))):
            spans = _spans(rng)
            smiles.append(smile(times, at, spans, amplitude=float(rng.uniform(0.5, 1.1)),
                                asymmetry=float(rng.uniform(-0.3, 0.3))))  # fmt: skip
            at += sum(spans) + float(rng.uniform(0.4, 1.2))
        out.append(together(*smiles, blinked(times, rng)).cut(0.0, at))
    return out


def slow(seed: int) -> list[Motion]:
    """Onsets of 1 to 2.5 s, beside offsets of 0.3 to 2 s."""
    rng = np.random.default_rng([seed, 3])
    return [
        _alone(rng, (float(rng.uniform(1.0, 2.5)), float(rng.uniform(0.5, 2.0)),
                     float(rng.uniform(0.3, 2.0))))
        for _ in range(40)
    ]  # fmt: skip


def fast(seed: int) -> list[Motion]:
    """Onsets of 0.2 to 0.3 s, beside offsets of up to 2 s."""
    rng = np.random.default_rng([seed, 4])
    return [
        _alone(rng, (float(rng.uniform(0.2, 0.3)), float(rng.uniform(0.4, 2.0)),
                     float(rng.uniform(0.3, 2.0))))
        for _ in range(40)
    ]  # fmt: skip


def drifting(seed: int) -> list[Motion]:
    """The level of the apex rises or falls by up to a quarter."""
    rng = np.random.default_rng([seed, 5])
    return [_alone(rng, _spans(rng), drift=float(rng.uniform(-0.25, 0.25))) for _ in range(40)]


def smallest(seed: int) -> list[Motion]:
    """Of the smallest amplitude that the demo draws."""
    rng = np.random.default_rng([seed, 6])
    return [_alone(rng, _spans(rng), amplitude=0.5) for _ in range(40)]


def _spans(rng: np.random.Generator) -> tuple[float, float, float]:
    low, high = (0.2, 0.45, 0.35), (1.0, 1.5, 1.0)
    onset, apex, offset = rng.uniform(low, high).tolist()
    return onset, apex, offset


def _alone(
    rng: np.random.Generator,
    spans: tuple[float, float, float],
    *,
    drift: float = 0.0,
    amplitude: float | None = None,
) -> Motion:
    start = float(rng.uniform(0.3, 1.0))
    times = clock(start + sum(spans) + float(rng.uniform(0.3, 1.0)))
    size = float(rng.uniform(0.5, 1.1)) if amplitude is None else amplitude
    own = smile(times, start, spans, amplitude=size, drift=drift,
                asymmetry=float(rng.uniform(-0.3, 0.3)))  # fmt: skip
    return together(own, blinked(times, rng))


SMILES: Mapping[str, Callable[[int], list[Motion]]] = {
    "plain": plain, "cut": cut, "several": several, "slow": slow, "fast": fast,
    "drifting": drifting, "smallest": smallest,
}  # fmt: skip


# ---- No smiles -----------------------------------------------------------------------------------
def stills(seed: int) -> list[Motion]:
    rng = np.random.default_rng([seed, 7])
    return [blinked(clock(float(rng.uniform(1.0, 6.0))), rng) for _ in range(40)]


def speech(seed: int) -> list[Motion]:
    """Phrases of two to six syllables a second between pauses: lips part, corners go in when they
    round and out when they spread, and a little up or down."""
    rng = np.random.default_rng([seed, 8])
    return [_talk(rng) for _ in range(40)]


def _talk(rng: np.random.Generator) -> Motion:
    times = clock(float(rng.uniform(2.0, 6.0)))
    out, gap, up = (np.zeros(len(times)) for _ in range(3))
    at = float(rng.uniform(0.0, 0.6))
    while at < times[-1]:
        for _ in range(int(rng.integers(3, 10))):
            length = float(rng.uniform(0.14, 0.3))
            bump = np.clip((times - at) / length, 0.0, 1.0)
            bump = np.sin(np.pi * bump) ** 2
            gap += float(rng.uniform(0.03, 0.2)) * bump
            out += float(rng.uniform(-0.09, 0.06)) * bump
            up += float(rng.uniform(-0.04, 0.02)) * bump
            at += length * float(rng.uniform(0.7, 1.0))
        at += float(rng.uniform(0.2, 0.8))
    return replace(
        blinked(times, rng), out=np.stack([out, out], 1), up=np.stack([up, up], 1), gap=gap
    )


# By how much the right and left corner go out and up, and the lips part, in inter-ocular distances.
EXPRESSIONS = {
    "disgust": ((0.0, 0.0), (0.05, 0.05), 0.03),
    "fear": ((0.08, 0.08), (-0.02, -0.02), 0.08),
    "surprise": ((-0.06, -0.06), (-0.08, -0.08), 0.3),
    "sadness": ((0.02, 0.02), (-0.06, -0.06), 0.0),
    "contempt": ((0.0, 0.07), (0.0, 0.07), 0.0),
    "pucker": ((-0.1, -0.1), (0.01, 0.01), 0.02),
    "press": ((0.03, 0.03), (0.0, 0.0), -0.02),
}


def expressions(seed: int) -> list[Motion]:
    """Others than smiles, of 0.7 to 1.3 times their size; they come and go as smiles do."""
    rng = np.random.default_rng([seed, 9])
    motions = []
    for out, up, gap in EXPRESSIONS.values():
        for _ in range(6):
            spans = _spans(rng)
            times = clock(0.6 + sum(spans) + float(rng.uniform(0.3, 1.0)))
            level = float(rng.uniform(0.7, 1.3)) * course(times, 0.5, spans, 0.0)
            column = level[:, None]
            motions.append(replace(blinked(times, rng), out=column * out, up=column * up,
                                   gap=gap * level))  # fmt: skip
    return motions


NO_SMILES: Mapping[str, Callable[[int], list[Motion]]] = {
    "stills": stills, "speech": speech, "expressions": expressions,
}  # fmt: skip
