"""Cuts between people, and what is none: flashes, lost faces, quick heads, frozen pictures."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from duchenne.datasets.demo.plan import plan
from duchenne.datasets.demo.render import render
from duchenne.errors import Unusable
from duchenne.face.cuts import View, find, frozen, longest, piece, view_of
from duchenne.face.detect.detector import open_detector
from duchenne.face.mesh.attention import AttentionMesh
from duchenne.face.topology import MESH
from duchenne.media.jpeg import Pixels

# Other people than those that chose the limits (seeds 41 and 51); two of them with other skin.
PLANS = plan(seed=61, subjects=8, clips_per_subject=2, size=256, kinds=("plain",))[::2]
NOBODY = np.full((478, 3), np.nan, np.float32)


@cache
def people() -> tuple[list[Pixels], ...]:
    """Sixteen frames of each of eight people."""
    return tuple(list(render(one, times=np.arange(16) / 25.0 + 0.4)) for one in PLANS)


@cache
def filmed(person: int) -> list[View]:
    detect, mesh = open_detector("mediapipe"), AttentionMesh()
    found = detect(people()[person][0])
    return [
        view_of(n, n / 25, picture, mesh(picture, found.boxes[0], roll=found.rolls[0]).xyz, MESH)
        for n, picture in enumerate(people()[person])
    ]


def joined(*parts: Sequence[View]) -> list[View]:
    """One film of these pieces."""
    whole = [view for part in parts for view in part]
    return [view._replace(frame=n, time=n / 25) for n, view in enumerate(whole)]


def without_face(view: View) -> View:
    return view._replace(face=None, points=None)


def test_most_cuts_between_rendered_people_are_found_and_nothing_else():
    """Some of them look nearly alike: all are made from one portrait."""
    found = [
        find(joined(filmed(a)[:8], filmed(b)[8:])) for a in range(8) for b in range(8) if a != b
    ]
    assert {tuple(cuts) for cuts in found} <= {(), (8,)}
    assert sum(bool(cuts) for cuts in found) >= 0.7 * len(found)
    assert not any(find(filmed(person)) for person in range(8))


def apart() -> tuple[int, int]:
    """Two people between whom a cut is found."""
    return next((a, b) for a in range(8) for b in range(a + 1, 8)
                if find(joined(filmed(a)[:8], filmed(b)[8:])))  # fmt: skip


def test_a_cut_and_back_are_two_and_the_longest_piece_is_kept():
    a, b = (filmed(person) for person in apart())
    film = joined(a[:5], b[5:11], a[11:16])
    assert find(film) == [5, 11]
    assert piece(film, how="longest") == slice(5, 11)
    with pytest.raises(
        Unusable, match=r"cut at 0\.20 s \(frame 5\), 0\.44 s \(frame 11\); set detect"
    ):
        piece(film, how="refuse")
    assert piece(joined(a), how="refuse") == slice(0, 16)


def test_what_changes_for_two_frames_is_no_cut():
    a, b = (filmed(person) for person in apart())
    assert find(joined(a[:7], b[7:9], a[9:])) == []
    dark = [view._replace(scene=view.scene // np.uint8(3)) for view in a]
    assert find(joined(a[:8], dark[8:])) == [], "a lamp goes out"


def test_a_face_that_comes_back_is_compared_with_itself():
    a, b = (filmed(person) for person in apart())
    lost = [without_face(view) for view in a[4:12]]
    assert find(joined(a[:4], lost, a[12:])) == []
    assert find(joined(a[:4], lost, b[12:])) == [12]


def test_a_frozen_picture_is_told_from_a_face_at_rest():
    """Even if its codec mends the picture now and then; and a film that repeats frames is none."""
    view = filmed(0)[0]
    assert view.points is not None
    trembling = [
        view._replace(points=view.points + 0.003 * np.ptp(view.points) * (number // 8 % 2))
        for number in range(25)
    ]
    for still in ([view] * 25, trembling):
        assert frozen(joined(still))
        with pytest.raises(Unusable, match="a picture, not a film"):
            piece(joined(still), how="longest")
    assert not any(frozen(filmed(person)) for person in range(8))
    repeated = [each for each in filmed(0) for _ in range(3)]
    assert not frozen(joined(repeated))
    assert not frozen(joined([without_face(view)] * 9))


def test_four_frames_hold_no_smile():
    with pytest.raises(Unusable, match="4 frames, and a smile takes at least 5"):
        piece(filmed(0)[:4], how="longest")
    assert piece(filmed(0)[:5], how="refuse") == slice(0, 5)


@pytest.mark.parametrize(
    ("cuts", "kept"), [([], (0, 9)), ([3], (3, 9)), ([2, 4, 6], (6, 9)), ([5], (0, 5))]
)
def test_the_longest_piece_by_hand(cuts, kept):
    times = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    assert longest(cuts, times) == slice(*kept)
