import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from duchenne.nets.neighbours import mirrored, nearest


def plain(xyz: torch.Tensor, count: int) -> list[list[list[int]]]:
    """By sorting (not the point itself, squared distance, index) in pure Python."""
    return [[ranked(frame, i)[:count] for i in range(len(frame))] for frame in xyz.tolist()]


def ranked(frame: list[list[float]], i: int) -> list[int]:
    def rank(j: int) -> tuple[bool, float, int]:
        return j != i, sum((a - b) ** 2 for a, b in zip(frame[i], frame[j], strict=True)), j

    return sorted(range(len(frame)), key=rank)


def cloud(*, frames: int, points: int, seed: int = 0, kind: torch.dtype = torch.float32):
    return torch.randn(frames, points, 3, generator=torch.Generator().manual_seed(seed), dtype=kind)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # Points on a line at 0, 1, 2, 4: from 1 both 0 and 2 are one away, and 0 comes first.
        ([0, 1, 2, 4], [[0, 1, 2, 3], [1, 0, 2, 3], [2, 1, 0, 3], [3, 2, 1, 0]]),
        ([2, 1, 0, 1], [[0, 1, 3, 2], [1, 3, 0, 2], [2, 1, 3, 0], [3, 1, 0, 2]]),
        ([5, 5, 5], [[0, 1, 2], [1, 0, 2], [2, 0, 1]]),
    ],
)
def test_self_first_then_by_distance_then_by_index(row, expected):
    xyz = torch.zeros(1, len(row), 3)
    xyz[0, :, 1] = torch.tensor(row)
    assert nearest(xyz, len(row)).tolist() == [expected]


@settings(max_examples=40, deadline=None)
@given(
    frames=st.integers(0, 3),
    points=st.integers(1, 40),
    steps=st.integers(1, 6),
    seed=st.integers(0, 9999),
    data=st.data(),
)
def test_agrees_with_sorting_where_many_distances_are_equal(frames, points, steps, seed, data):
    """Places on a coarse grid, whose squared distances are whole numbers."""
    count = data.draw(st.integers(1, points))
    maker = torch.Generator().manual_seed(seed)
    xyz = torch.randint(0, steps, (frames, points, 3), generator=maker).float()
    found = nearest(xyz, count)
    assert found.shape == (frames, points, count)
    assert found.dtype == torch.int64
    assert found.tolist() == plain(xyz, count)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_agrees_with_sorting_in_general_position(kind):
    xyz = cloud(frames=2, points=60, kind=kind)
    assert nearest(xyz, 21).tolist() == plain(xyz, 21)


def test_rounding_does_not_decide_between_equidistant_points():
    """(1, 2, 5)·0.1 and its permutations: in binary their squared lengths differ."""
    places = [[0.0, 0.0, 0.0], [0.1, 0.5, 0.2], [0.1, 0.2, 0.5], [0.5, 0.2, 0.1]]
    xyz = torch.tensor([places], dtype=torch.float64)
    lengths = xyz.square()[0, 1:]
    assert len({a + b + c for a, b, c in lengths.tolist()}) > 1, "or this shows nothing"
    assert nearest(xyz, 4)[0, 0].tolist() == [0, 1, 2, 3]


def test_a_frame_does_not_depend_on_the_others():
    xyz = cloud(frames=37, points=50)
    together = nearest(xyz, 9)
    assert torch.equal(together, torch.cat([nearest(frame[None], 9) for frame in xyz]))


@pytest.mark.parametrize("count", [0, 6])
def test_says_how_many_neighbours_there_are(count):
    with pytest.raises(ValueError, match="of 5 points there are 1 to 5 nearest"):
        nearest(torch.zeros(1, 5, 3), count)


@settings(max_examples=20, deadline=None)
@given(pairs=st.integers(1, 12), alone=st.integers(1, 4), seed=st.integers(0, 9999))
def test_mirrored_neighbours_are_those_of_the_mirrored_face(pairs, alone, seed):
    points = 2 * pairs + alone
    maker = torch.Generator().manual_seed(seed)
    shuffled = torch.randperm(points, generator=maker)
    mirror = torch.arange(points)
    left, right = shuffled[:pairs], shuffled[pairs : 2 * pairs]
    mirror[left], mirror[right] = right, left
    xyz = torch.randn(3, points, 3, generator=maker)
    face = xyz[:, mirror] * torch.tensor([-1.0, 1.0, 1.0])
    count = min(points, 8)
    assert torch.equal(mirrored(nearest(xyz, count), mirror), nearest(face, count))


def test_a_renaming_that_is_not_its_own_inverse():
    """New 0, 1, 2 are old 1, 2, 0; old 1's neighbours were 1, 2: they are called 0, 1 now."""
    old = torch.tensor([[[0, 1], [1, 2], [2, 1]]])
    found = mirrored(old, torch.tensor([1, 2, 0]))
    assert found.tolist() == [[[0, 1], [1, 0], [2, 0]]]


def test_small_integers_stay_small():
    old = nearest(cloud(frames=2, points=30), 5)
    mirror = torch.arange(29, -1, -1)
    found = mirrored(old.to(torch.int16), mirror)
    assert found.dtype == torch.int16
    assert torch.equal(found.long(), mirrored(old, mirror))
