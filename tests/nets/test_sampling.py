import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from duchenne.nets.tubes import farthest
from tests.nets.plain_clouds import far_apart


def cloud(*, frames: int, points: int, seed: int = 0):
    maker = torch.Generator().manual_seed(seed)
    return torch.randn(frames, points, 3, generator=maker, dtype=torch.float64)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0, 1, 2, 4], [0, 3, 2, 1]),
        ([1, 0, 2, 4], [0, 3, 1, 2]),  # then 0 and 2 are both 1 away from the point at 1
        ([5, 5, 5, 6], [0, 3, 1, 2]),  # the same place three times, each of them once
    ],
)
def test_points_on_a_line(row, expected):
    xyz = torch.zeros(1, len(row), 3)
    xyz[0, :, 2] = torch.tensor(row)
    assert farthest(xyz, len(row)).tolist() == [expected]


@settings(max_examples=30, deadline=None)
@given(
    frames=st.integers(0, 3), points=st.integers(1, 25), seed=st.integers(0, 9999), data=st.data()
)
def test_agrees_with_a_plain_loop(frames, points, seed, data):
    count = data.draw(st.integers(1, points))
    xyz = cloud(frames=frames, points=points, seed=seed)
    found = farthest(xyz, count)
    assert found.shape == (frames, count)
    for frame, taken in zip(xyz, found, strict=True):
        assert torch.equal(frame[taken], torch.stack(far_apart(frame, count)))


@settings(max_examples=20, deadline=None)
@given(points=st.integers(2, 40), seed=st.integers(0, 9999))
def test_the_order_of_all_but_the_first_does_not_matter(points, seed):
    xyz = cloud(frames=1, points=points, seed=seed)
    mixed = 1 + torch.randperm(points - 1, generator=torch.Generator().manual_seed(seed))
    other = xyz[:, torch.cat([torch.zeros(1, dtype=torch.int64), mixed])]
    count = min(points, 12)
    assert torch.equal(other[0, farthest(other, count)[0]], xyz[0, farthest(xyz, count)[0]])


def test_a_frame_does_not_depend_on_the_others():
    xyz = cloud(frames=4, points=30)
    alone = torch.cat([farthest(frame[None], 7) for frame in xyz])
    assert torch.equal(farthest(xyz, 7), alone)


@pytest.mark.parametrize("count", [0, 6])
def test_says_how_many_can_be_taken(count):
    with pytest.raises(ValueError, match="of 5 points, 1 to 5 can be taken"):
        farthest(torch.zeros(1, 5, 3), count)
