import pytest
import torch

from duchenne.nets.tubes import Span, anchor_frames, check, frames_of, tubes
from tests.nets import plain_clouds

SPAN = Span(anchors=5, neighbours=4, radius=1, stride=2)


def seen(*rows: str):
    """One window for each, one letter a frame: `.` is present, `x` absent."""
    return torch.tensor([[letter == "." for letter in row] for row in rows])


def points(present: torch.Tensor, *, number: int = 12, seed: int = 0):
    maker = torch.Generator().manual_seed(seed)
    return torch.randn((*present.shape, number, 3), generator=maker, dtype=torch.float64)


@pytest.mark.parametrize(
    ("row", "stride", "frames", "there"),
    [
        ("....", 1, [0, 1, 2, 3], "...."),
        ("....", 2, [0, 2], ".."),
        (".....", 2, [0, 2, 4], "..."),
        (".....x", 2, [0, 2, 4], "..."),  # the frame that completes the last group is absent
        (".....xx", 2, [0, 2, 4, 6], "...x"),
        ("x...", 2, [1, 2], ".."),  # its neighbour stands for it
        ("xx.x.", 2, [0, 2, 4], "x.."),
        ("xx.x.", 3, [2, 4], ".."),
        ("xxx.", 9, [3], "."),
        (".", 4, [0], "."),
    ],
)
def test_the_first_present_frame_of_each_group(row, stride, frames, there):
    frame, some = anchor_frames(seen(row), stride)
    assert frame.tolist() == [frames]
    assert torch.equal(some, seen(there))


def test_frames_are_those_of_their_own_window():
    values = torch.arange(2 * 3 * 2).view(2, 3, 2)
    picked = frames_of(values, torch.tensor([[2, 2, 0, 1], [1, 0, 0, 2]]))
    assert picked.tolist() == [
        [[4, 5], [4, 5], [0, 1], [2, 3]],
        [[8, 9], [6, 7], [6, 7], [10, 11]],
    ]


@pytest.mark.parametrize(
    ("row", "span", "expected"),
    [
        # the first frame has none before it, the last none after it
        ("....", SPAN, ["x..", "..."]),
        (".....", SPAN, ["x..", "...", "..x"]),
        ("..x.", SPAN, ["x..", "x.x"]),
        (".x..", SPAN, ["x.x", "x.."]),
        ("..xx", SPAN, ["x..", "xxx"]),  # the absent anchor frame does not see the one before it
        ("....", SPAN._replace(stride=3, radius=2), ["xx...", "...xx"]),
        ("...", SPAN._replace(stride=1, radius=0), [".", ".", "."]),
    ],
)
def test_what_a_tube_sees(row, span, expected):
    present = seen(row)
    assert torch.equal(tubes(points(present), present, span).seen[0], seen(*expected))


@pytest.mark.parametrize("span", [SPAN, Span(3, 7, 2, 3), Span(99, 99, 1, 1), Span(1, 1, 0, 1)])
def test_agrees_with_plain_loops(span):
    present = seen("..x.xx.", "x.....x")
    xyz = points(present)
    found = tubes(xyz, present, span)
    reach = span.radius
    number = 0
    for window in range(2):
        for piece in plain_clouds.pieces(xyz[window], present[window], span):
            at = window, piece.group
            assert found.present[at]
            assert found.frame[at] == piece.frame
            assert torch.equal(found.centres[at][piece.anchor], piece.centre)
            for step in range(-reach, reach + 1):
                mine = {n.point: n for n in piece.neighbours if n.step == step}
                assert bool(found.seen[at][step + reach]) is bool(mine)
                if mine:
                    near = found.near[at][step + reach, piece.anchor]
                    assert set(near.tolist()) == set(mine)
                    ways = torch.stack([mine[point].way for point in near.tolist()])
                    assert torch.equal(found.way[at][step + reach, piece.anchor], ways)
            number += 1
    assert number == int(found.present.sum()) * min(span.anchors, 12)


def test_gradients_reach_present_points_and_no_others():
    present = seen("..x.", "x...")
    xyz = points(present).requires_grad_()
    found = tubes(xyz, present, Span(12, 4, 1, 1))
    (found.centres.sum() + found.way.square().sum()).backward()
    assert xyz.grad is not None
    assert torch.equal(xyz.grad.abs().amax((2, 3)) > 0.0, present)


def test_absent_frames_may_hold_anything():
    present = seen(".x.", "..x")
    xyz = points(present)
    filled = torch.where(present[..., None, None], xyz, torch.nan)
    for one, other in zip(tubes(xyz, present, SPAN), tubes(filled, present, SPAN), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"anchors": 0}, "anchors is 0; it must be at least 1"),
        ({"neighbours": -2}, "neighbours is -2; it must be at least 1"),
        ({"radius": -1}, "radius is -1; it must be at least 0"),
        ({"stride": 0}, "stride is 0; it must be at least 1"),
    ],
)
def test_what_no_tube_can_be(given, text):
    with pytest.raises(ValueError, match=text):
        check(SPAN._replace(**given))
    assert check(SPAN) == SPAN
