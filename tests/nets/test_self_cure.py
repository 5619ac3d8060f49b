import pytest
import torch
from torch import Tensor

from duchenne.nets.scn import landmark_loss, mean_points, rank_loss, relabelled

TEN = [0.3, 0.9, 0.0, 0.7, 0.5, 0.1, 0.8, 0.2, 0.6, 0.4]  # the highest seven: 0.6; the rest: 0.1


@pytest.mark.parametrize(
    ("certainty", "given", "loss"),
    [
        (TEN, {"margin": 0.6}, 0.1),
        (TEN, {"margin": 0.4}, 0.0),  # leads by more
        (TEN, {"share": 0.2, "margin": 1.0}, 1.0 - (0.85 - 0.35)),
        ([0.5, 0.5, 0.5, 0.5], {}, 0.5),
        ([0.6, 0.5], {}, 0.4),
        ([0.1, 0.9], {}, 0.0),
    ],
)
def test_the_rank_loss_by_hand(certainty, given, loss):
    assert rank_loss(torch.tensor(certainty), **given).item() == pytest.approx(loss)


def test_the_more_trusted_are_pushed_up_and_the_others_down():
    certainty = torch.tensor([0.5, 0.6, 0.4, 0.7], requires_grad=True)
    rank_loss(certainty).backward()  # int(0.7 · 4) = 2 high ones
    assert certainty.grad is not None
    assert certainty.grad.tolist() == [0.5, -0.5, 0.5, -0.5]


@pytest.mark.parametrize(("batch", "share"), [(1, 0.7), (0, 0.7), (4, 0.2), (4, 1.0)])
def test_a_batch_that_cannot_be_divided_has_no_rank_loss(batch, share):
    assert rank_loss(torch.full((batch,), 0.3), share=share).item() == 0.0


def landmarks(*faces: float) -> Tensor:
    """Faces with this in every place, (B, 68, 2); a NaN is a face without landmarks."""
    return torch.tensor(faces)[:, None, None].repeat(1, 68, 2)


@pytest.mark.parametrize(
    ("target", "loss"),
    [
        ((0.4,), 0.1),
        ((0.4, 0.8), 0.2),
        ((0.4, torch.nan), 0.1),  # published: 0.05
        ((torch.nan, 0.8, torch.nan, torch.nan), 0.3),
        ((torch.nan, torch.nan), 0.0),
    ],
)
def test_the_landmark_loss_by_hand(target, loss):
    points = torch.full((len(target), 68, 2), 0.5, requires_grad=True)
    found = landmark_loss(points, landmarks(*target))
    assert found.item() == pytest.approx(loss)
    found.backward()
    assert points.grad is not None
    assert torch.isfinite(points.grad).all()
    assert torch.equal(points.grad != 0, ~landmarks(*target).isnan())


def test_faces_without_landmarks_leave_an_exact_zero():
    points = torch.rand(3, 68, 2, requires_grad=True)
    found = landmark_loss(points, landmarks(torch.nan, torch.nan, torch.nan))
    found.backward()
    assert found.item() == 0.0
    assert points.grad is not None
    assert (points.grad == 0).all()


def test_single_landmarks_may_be_missing():
    target = landmarks(0.4)
    target[0, 1:] = torch.nan
    assert landmark_loss(landmarks(0.7), target).item() == pytest.approx(0.3)


def test_mean_points_are_those_of_the_faces_that_have_any():
    points = landmarks(0.2, torch.nan, 0.6)
    points[0, 3] = torch.tensor([0.1, torch.nan])
    before = points.clone()
    expected = torch.full((68, 2), 0.4)
    expected[3] = torch.tensor([0.35, 0.6])
    assert torch.allclose(mean_points(points), expected)
    assert torch.equal(points.nan_to_num(9.0), before.nan_to_num(9.0))
    assert points.data_ptr() != mean_points(points[:1]).data_ptr()  # no view of a single face


@pytest.mark.parametrize("faces", [(), (torch.nan,), (torch.nan, torch.nan)])
def test_without_landmarks_the_mean_is_the_middle_of_the_chip(faces):
    found = mean_points(landmarks(*faces))
    assert torch.equal(found, torch.full((68, 2), 0.5))


SURE = [
    ([0.1, 0.7, 0.2], 0, 1),  # leads by 0.6
    ([0.3, 0.6, 0.1], 0, 0),  # by 0.3
    ([0.25, 0.625, 0.125], 1, 1),  # the likeliest already
    ([0.0, 0.0, 1.0], 1, 2),
]


def test_labels_that_the_network_objects_to_are_replaced():
    rows, given, expected = (list(column) for column in zip(*SURE, strict=True))
    probabilities, labels = torch.tensor(rows), torch.tensor(given)
    assert relabelled(probabilities, labels).tolist() == expected
    assert labels.tolist() == given
    assert torch.equal(probabilities, torch.tensor(rows))


@pytest.mark.parametrize(("margin", "label"), [(0.25, 1), (0.5, 0), (0.75, 0)])
def test_the_lead_must_exceed_the_margin(margin, label):
    probabilities = torch.tensor([[0.25, 0.75]])  # a lead of just 0.5
    assert relabelled(probabilities, torch.tensor([0]), margin=margin).tolist() == [label]


def test_a_label_comes_back_when_the_network_no_longer_objects():
    given = torch.tensor([0])
    assert relabelled(torch.tensor([[0.1, 0.9]]), given).tolist() == [1]
    assert relabelled(torch.tensor([[0.4, 0.6]]), given).tolist() == [0]
