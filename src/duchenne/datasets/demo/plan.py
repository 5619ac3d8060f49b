"""The plan of the demo: all parameters of each clip, and the true motion in its frames.

Random numbers are keyed by (seed, subject, clip), so that more subjects or clips do not change the
others. Clips come in pairs, one of each class, with the same kind, frame rate, length and light, so
that none of these tells the class. Nor does a length depend on the smiles: every clip of a kind is
long enough for the longest one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from duchenne.datasets.demo.cues import POSED, SPONTANEOUS
from duchenne.datasets.demo.dynamics import Drives, Smile, draw_smile
from duchenne.datasets.demo.kinds import KINDS, LEAD_S, LENGTHS_S, place
from duchenne.datasets.demo.motion import (
    CLOSING_S,
    OPENING_S,
    Blink,
    HeadMotion,
    draw_blinks,
    draw_head_motion,
)
from duchenne.datasets.demo.subjects import Look, Person, draw_look, draw_person

Array = NDArray[np.float64]

LABEL_NAMES = {POSED: "posed", SPONTANEOUS: "spontaneous"}
RATES = (25.0, 30.0)
# The turn of a subject's next pair among the kinds is this much later.
_TURN = 9

# First element of the random keys, so that no two uses share a stream.
_SUBJECT, _PAIR, _CLIP, _KIND = range(4)


@dataclass(frozen=True)
class ClipPlan:
    """All that rendering a clip needs. `dataclasses.asdict` gives JSON values only.

    `smile` has the cues of the class and is the largest of the clip; `more` are the others.
    """

    clip: str
    subject: str
    label: int
    fps: float
    seconds: float
    size: int
    kind: str
    smile: Smile
    more: tuple[Smile, ...]
    blinks: tuple[Blink, ...]
    head: HeadMotion
    look: Look
    person: Person
    light: float
    noise: float  # standard deviation of the camera noise, in grey levels
    noise_seed: int

    def times(self) -> Array:
        """Presentation times of the frames, (T,) s, from 0."""
        return np.arange(round(self.seconds * self.fps)) / self.fps

    @property
    def smiles(self) -> tuple[Smile, ...]:
        """All smiles of the clip in the order of time."""
        return tuple(sorted((self.smile, *self.more), key=lambda smile: smile.start_s))

    def drives(self, time: Array) -> Drives:
        """Drives at `time` (T,) s; blinks close a share of the opening that the smiles leave."""
        each = [smile.drives(time) for smile in (self.smile, *self.more)]
        lip, left, right, cheek, eyelid = (
            np.sum([getattr(drives, name) for drives in each], axis=0)
            for name in ("lip", "lip_left", "lip_right", "cheek", "eyelid")
        )
        open_ = 1.0 - eyelid
        for blink in self.blinks:
            open_ = open_ * (1.0 - blink.closure(time))
        return Drives(lip, left, right, cheek, 1.0 - open_)

    def phases(self, time: Array) -> NDArray[np.str_]:
        """The phase at `time` (T,) s: neutral, or onset, apex or offset of one of the smiles."""
        found = self.smile.phases(time)
        for smile in self.more:
            own = smile.phases(time)
            found = np.where(own == "neutral", found, own)
        return found


class SubjectRow(TypedDict):
    """One row of subjects.csv."""

    subject: str
    age: int
    gender: str


def plan(
    *,
    seed: int,
    subjects: int,
    clips_per_subject: int,
    size: int,
    kinds: Sequence[str] = KINDS,
) -> tuple[ClipPlan, ...]:
    """All clips of the demo: half of each subject's are spontaneous, half posed, in random order.

    `duchenne.config.datasets.DemoDataset` has the allowed values. The pairs have `kinds`, keys of
    LENGTHS_S, by turns.
    """
    return tuple(
        clip
        for number in range(1, subjects + 1)
        for pair in range(clips_per_subject // 2)
        for clip in _pair(
            seed, number, pair, size=size, kind=kinds[(number - 1 + _TURN * pair) % len(kinds)]
        )
    )


def truth(plans: Iterable[ClipPlan]) -> dict[str, list[str] | Array]:
    """Columns of truth.parquet, one row per frame: clip, time, lip, cheek, eyelid, phase."""
    plans = tuple(plans)
    times = [clip.times() for clip in plans]
    drives = [clip.drives(time) for clip, time in zip(plans, times, strict=True)]
    phases = [clip.phases(time) for clip, time in zip(plans, times, strict=True)]
    return {
        "clip": [clip.clip for clip, time in zip(plans, times, strict=True) for _ in time],
        "time": _join(times),
        "lip": _join([drive.lip for drive in drives]),
        "cheek": _join([drive.cheek for drive in drives]),
        "eyelid": _join([drive.eyelid for drive in drives]),
        "phase": [str(phase) for clip in phases for phase in clip],
    }


def smiles_table(plans: Iterable[ClipPlan]) -> dict[str, list[str] | list[int] | list[float]]:
    """Columns of smiles.parquet, one row per smile: clip, smile, four bounds, amplitude, kind."""
    rows = [(clip, at, smile) for clip in plans for at, smile in enumerate(clip.smiles)]
    bounds = np.array([smile.bounds() for _, _, smile in rows]).reshape(-1, 4).T.tolist()
    names = ("onset_start", "onset_end", "offset_start", "offset_end")
    return {
        "clip": [clip.clip for clip, _, _ in rows],
        "smile": [at for _, at, _ in rows],
        **dict(zip(names, bounds, strict=True)),
        "amplitude": [smile.amplitude for _, _, smile in rows],
        "kind": [clip.kind for clip, _, _ in rows],
    }


def blinks_table(plans: Iterable[ClipPlan]) -> dict[str, list[str] | list[float]]:
    """Columns of blinks.parquet, one row per blink: clip, start, shut, end, depth."""
    rows = [(clip.clip, blink) for clip in plans for blink in clip.blinks]
    return {
        "clip": [clip for clip, _ in rows],
        "start": [blink.peak_s - CLOSING_S for _, blink in rows],
        "shut": [blink.peak_s for _, blink in rows],
        "end": [blink.peak_s + OPENING_S for _, blink in rows],
        "depth": [blink.depth for _, blink in rows],
    }


def subjects_table(plans: Iterable[ClipPlan]) -> list[SubjectRow]:
    """Rows of subjects.csv: subject, and fictitious age and gender."""
    people = {clip.subject: clip.person for clip in plans}
    return [
        SubjectRow(subject=subject, age=person.age, gender=person.gender)
        for subject, person in people.items()
    ]


def _join(columns: Sequence[Array]) -> Array:
    return np.concatenate([np.zeros(0), *columns])


def _rng(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def _pair(seed: int, number: int, pair: int, *, size: int, kind: str) -> Iterable[ClipPlan]:
    rng = _rng(seed, _SUBJECT, number)
    look, person = draw_look(rng), draw_person(number, rng)
    fps = RATES[(int(rng.integers(2)) + pair) % 2]
    shared = _rng(seed, _PAIR, number, pair)
    least, most = LENGTHS_S[kind]
    seconds = float(shared.uniform(least, most))
    light = float(shared.uniform(0.9, 1.1))
    order = (POSED, SPONTANEOUS) if shared.random() < 0.5 else (SPONTANEOUS, POSED)
    for turn, label in enumerate(order):
        key = (number, 2 * pair + turn)
        rng = _rng(seed, _CLIP, *key)
        start = LEAD_S + (seconds - least) * float(rng.random())
        smile = draw_smile(label, rng, start_s=start)
        frames = round(seconds * fps)
        of_kind = _rng(seed, _KIND, *key)
        first, *more = place(smile, kind, of_kind, last_s=(frames - 1) / fps)
        subject = f"s{number:02d}"
        yield ClipPlan(
            clip=f"{subject}_{LABEL_NAMES[label]}_{pair + 1}",
            subject=subject,
            label=label,
            fps=fps,
            seconds=frames / fps,
            size=size,
            kind=kind,
            smile=first,
            more=tuple(more),
            blinks=draw_blinks(seconds, rng),
            head=draw_head_motion(rng),
            look=look,
            person=person,
            light=light,
            noise=float(rng.uniform(1.5, 3.0)),
            noise_seed=int(rng.integers(2**31)),
        )
