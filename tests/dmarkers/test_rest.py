"""Where the resting face is: at the start, later, or nowhere."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from duchenne.dmarkers import rest
from duchenne.dmarkers.signals import mouth, openings
from duchenne.face.topology import MESH
from tests.make.motions import Motion, clock, quiet, smile


def search(
    motion: Motion, *, lost: NDArray[np.bool_] | None = None, seconds: float = 0.3
) -> rest.Rest:
    xyz = motion.landmarks(noise=0.001)
    if lost is not None:
        xyz[lost] = np.nan
    known = np.isfinite(xyz).all(axis=(1, 2))
    lips, lids = mouth(xyz, topology=MESH), openings(xyz, topology=MESH).mean
    return rest.search(lips, lids, known, motion.times, seconds=seconds)


SMILE = smile(clock(5.0), 1.5, (0.5, 1.0, 0.5))

CASES = {
    "before the smile": (SMILE, "start", (0.5, 1.5), (0.8, 1.8)),
    "after it": (SMILE.cut(1.8, 5.0), "found", (1.5, 2.9), (1.8, 3.2)),
    "of a clip that ends in it": (SMILE.cut(0.0, 2.5), "start", (0.5, 1.5), (0.8, 1.8)),
    "of a clip that begins and ends in it": (SMILE.cut(1.75, 3.25), "none", (0.0, 1.5), (0.0, 1.5)),
}


@pytest.mark.parametrize("name", CASES)
def test_rest_is_where_the_lips_are_low_and_still(name: str):
    motion, kind, start, end = CASES[name]
    found = search(motion)
    assert found.kind == kind
    assert start[0] <= found.start <= start[1] + 1e-9
    assert end[0] <= found.end <= end[1] + 1e-9
    inside = (motion.times >= found.start) & (motion.times <= found.end)
    assert np.array_equal(found.frames, inside)


def test_when_the_clip_begins_before_it_does_not_matter():
    one, other = search(SMILE), search(SMILE.cut(0.4, 5.0))
    assert (other.start + 0.4, other.end + 0.4) == pytest.approx((one.start, one.end), abs=0.05)


def test_neither_shut_eyes_nor_parted_lips_rest():
    still = quiet(clock(3.0))
    first = still.times < 1.0
    shut, apart = (np.where(first, 0.9, 0.0) for _ in range(2))
    for motion in (replace(still, lids=shut), replace(still, gap=apart)):
        found = search(motion)
        assert found.kind == "found"
        assert found.start > 0.9


def test_frames_without_a_face_do_not_rest():
    still = quiet(clock(3.0))
    found = search(still, lost=still.times < 0.5)
    assert found.kind == "start", "the clip starts with its first face"
    assert found.start >= 0.52
    found = search(still, lost=still.times > -1.0)
    assert found.kind == "none"
    assert not found.frames.any()
    assert np.isnan([found.start, found.end]).all()


def test_a_clip_shorter_than_rest_has_none():
    found = search(quiet(clock(0.12)))
    assert found.kind == "none"
    assert found.frames.all()


def test_the_published_rest_is_the_beginning():
    times, known = clock(1.0), np.arange(26) >= 3
    found = rest.at_start(known, times, seconds=0.2)
    assert (found.kind, found.start, found.end) == ("start", 0.12, 0.32)
