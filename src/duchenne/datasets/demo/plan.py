"""The plan of the demo: all parameters of each clip, and the true motion in its frames.

Random numbers are keyed by (seed, subject, clip), so that more subjects or clips do not change the
others. Clips come in pairs, one of each class, with the same frame rate, length and light, so that
none of these tells the class.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from duchenne.datasets.demo.cues import POSED, SPONTANEOUS
from duchenne.datasets.demo.dynamics import Drives, Smile, draw_smile, longest_smile
from duchenne.datasets.demo.motion import Blink, HeadMotion, draw_blinks, draw_head_motion
from duchenne.datasets.demo.subjects import Look, Person, draw_look, draw_person

Array = NDArray[np.float64]

LABEL_NAMES = {POSED: "posed", SPONTANEOUS: "spontaneous"}
RATES = (25.0, 30.0)
# Least time in s before and after a smile, in which the face is neutral.
LEAD_S, TAIL_S = 0.25, 0.15
LONGEST_CLIP_S = 4.2

# First element of the random keys, so that no two uses share a stream.
_SUBJECT, _PAIR, _CLIP = range(3)


@dataclass(frozen=True)
class ClipPlan:
    """All that rendering a clip needs. `dataclasses.asdict` gives JSON values only."""

    clip: str
    subject: str
    label: int
    fps: float
    seconds: float
    size: int
    smile: Smile
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

    def drives(self, time: Array) -> Drives:
        """Drives at `time` (T,) s; blinks close a share of the opening that the smile leaves."""
        smile = self.smile.drives(time)
        open_ = 1.0 - smile.eyelid
        for blink in self.blinks:
            open_ = open_ * (1.0 - blink.closure(time))
        return Drives(smile.lip, smile.lip_left, smile.lip_right, smile.cheek, 1.0 - open_)


class SubjectRow(TypedDict):
    """One row of subjects.csv."""

    subject: str
    age: int
    gender: str


def plan(*, seed: int, subjects: int, clips_per_subject: int, size: int) -> tuple[ClipPlan, ...]:
    """All clips of the demo: half of each subject's are spontaneous, half posed, in random order.

    `duchenne.config.datasets.DemoDataset` has the allowed values.
    """
    return tuple(
        clip
        for number in range(1, subjects + 1)
        for clip in _session(seed, number, pairs=clips_per_subject // 2, size=size)
    )


def truth(plans: Iterable[ClipPlan]) -> dict[str, list[str] | Array]:
    """Columns of truth.parquet, one row per frame: clip, time, lip, cheek, eyelid, phase."""
    plans = tuple(plans)
    times = [clip.times() for clip in plans]
    drives = [clip.drives(time) for clip, time in zip(plans, times, strict=True)]
    phases = [clip.smile.phases(time) for clip, time in zip(plans, times, strict=True)]
    return {
        "clip": [clip.clip for clip, time in zip(plans, times, strict=True) for _ in time],
        "time": _join(times),
        "lip": _join([drive.lip for drive in drives]),
        "cheek": _join([drive.cheek for drive in drives]),
        "eyelid": _join([drive.eyelid for drive in drives]),
        "phase": [str(phase) for clip in phases for phase in clip],
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


def _session(seed: int, number: int, *, pairs: int, size: int) -> Iterable[ClipPlan]:
    rng = _rng(seed, _SUBJECT, number)
    look, person = draw_look(rng), draw_person(number, rng)
    first_rate = int(rng.integers(2))
    for pair in range(pairs):
        shared = _rng(seed, _PAIR, number, pair)
        fps = RATES[(first_rate + pair) % 2]
        seconds = float(shared.uniform(longest_smile() + LEAD_S + TAIL_S, LONGEST_CLIP_S))
        light = float(shared.uniform(0.9, 1.1))
        order = (POSED, SPONTANEOUS) if shared.random() < 0.5 else (SPONTANEOUS, POSED)
        for turn, label in enumerate(order):
            rng = _rng(seed, _CLIP, number, 2 * pair + turn)
            spare = seconds - longest_smile() - LEAD_S - TAIL_S
            start = LEAD_S + spare * float(rng.random())
            subject = f"s{number:02d}"
            yield ClipPlan(
                clip=f"{subject}_{LABEL_NAMES[label]}_{pair + 1}",
                subject=subject,
                label=label,
                fps=fps,
                seconds=round(seconds * fps) / fps,
                size=size,
                smile=draw_smile(label, rng, start_s=start),
                blinks=draw_blinks(seconds, rng),
                head=draw_head_motion(rng),
                look=look,
                person=person,
                light=light,
                noise=float(rng.uniform(1.5, 3.0)),
                noise_seed=int(rng.integers(2**31)),
            )
