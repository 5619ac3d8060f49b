"""Lists of clips with the numbers of subjects and clips of the published data sets."""

import random

from hypothesis import strategies as st

from duchenne.datasets.splits.case import Assignment, Case


def clips(subject: str, posed: int, spontaneous: int, groups: tuple[str, ...] = ()) -> list[Case]:
    labels = [0] * posed + [1] * spontaneous
    return [
        Case(f"{subject}-{number:02d}", subject, label, groups)
        for number, label in enumerate(labels, start=1)
    ]


def uva() -> list[Case]:
    """325 subjects with both classes, 32 with spontaneous smiles alone, 43 with posed ones."""
    rng = random.Random(4)
    kinds = ["both"] * 325 + ["spontaneous"] * 32 + ["posed"] * 43
    held = {
        label: _handed_out(rng, [kind in ("both", word) for kind in kinds], total, most=3)
        for label, word, total in ((0, "posed", 643), (1, "spontaneous", 597))
    }
    ages = rng.sample(["young"] * 149 + ["adult"] * 251, 400)
    genders = rng.sample(["female"] * 185 + ["male"] * 215, 400)
    people = zip(held[0], held[1], ages, genders, strict=True)
    return [
        case
        for number, (posed, spontaneous, *groups) in enumerate(people)
        for case in clips(f"{number:03d}", posed, spontaneous, tuple(groups))
    ]


def _handed_out(rng: random.Random, takes: list[bool], total: int, *, most: int) -> list[int]:
    """Random numbers of clips, `total` in all: 1 to `most` for each that takes any, else 0."""
    counts = [int(take) for take in takes]
    while sum(counts) < total:
        chosen = rng.randrange(len(counts))
        counts[chosen] += takes[chosen] and counts[chosen] < most
    return counts


def mmi() -> list[Case]:
    """Nine subjects with spontaneous smiles alone, 25 with posed ones alone."""
    genuine = (31, 22, 18, 17, 16, 13, 9, 7, 5)
    posed = (2,) * 21 + (1,) * 4
    return [
        *(case for at, n in enumerate(genuine) for case in clips(f"5{at}", 0, n)),
        *(case for at, n in enumerate(posed) for case in clips(f"{at:02d}", n, 0)),
    ]


def spos() -> list[Case]:
    """Seven subjects, each with two posed smiles."""
    names = ("tomas", "nelly", "riku", "yi", "ying", "rui", "xiaopeng")
    held = zip(names, (12, 7, 11, 6, 15, 5, 10), strict=True)
    return [case for name, count in held for case in clips(name, 2, count)]


def bbc() -> list[Case]:
    """Twenty clips of twenty subjects."""
    return [case for at in range(20) for case in clips(f"q{at:02d}", at % 2, 1 - at % 2)]


def only_tested(rows: list[Assignment], cases: list[Case]) -> dict[str, set[str]]:
    """The subjects that each fold tests."""
    return subjects(rows, cases, "test")


def subjects(rows: list[Assignment], cases: list[Case], role: str) -> dict[str, set[str]]:
    """The subjects that each fold has in one role."""
    subject = {case.clip: case.subject for case in cases}
    found: dict[str, set[str]] = {row.fold: set() for row in rows}
    for row in rows:
        if row.role == role:
            found[row.fold].add(subject[row.clip])
    return found


@st.composite
def small(draw: st.DrawFn) -> list[Case]:
    """Three to eight subjects with zero to nine clips of each class, and at least one."""
    counts = st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(any)
    group = st.tuples(st.sampled_from(["young", "adult", ""]))
    people = draw(st.lists(st.tuples(counts, group), min_size=3, max_size=8))
    return [
        case
        for number, (held, groups) in enumerate(people)
        for case in clips(f"s{number}", *held, groups)
    ]
