"""Losses, worked out by hand."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from duchenne.nets.inputs import Output, Windows
from duchenne.training.batches import Batch
from duchenne.training.losses import (
    Targets,
    class_weights,
    marker_loss,
    norms,
    probabilities,
    smile_loss,
)
from duchenne.training.objective import Objective

EVEN = torch.ones(2)
# Logits 0 and ln 3 say 1/2 and 3/4; the labels are 1 and 0.
LOGITS = torch.tensor([[0.0], [math.log(3.0)]])
LABELS = torch.tensor([1, 0])
COSTS = (math.log(2.0), math.log(4.0))


def gradient(
    loss: Callable[..., torch.Tensor], at: torch.Tensor, *given: torch.Tensor
) -> torch.Tensor:
    """Of a loss with respect to its first argument."""
    place = at.clone().requires_grad_()
    [found] = torch.autograd.grad(loss(place, *given), [place])
    return found


@pytest.mark.parametrize(
    ("weights", "loss"),
    [
        ([1.0, 1.0], (COSTS[0] + COSTS[1]) / 2.0),
        ([2.0, 0.5], (0.5 * COSTS[0] + 2.0 * COSTS[1]) / 2.0),
        ([0.0, 1.0], COSTS[0] / 2.0),
    ],
)
def test_the_loss_by_hand(weights, loss):
    found = smile_loss(LOGITS, LABELS, torch.tensor(weights))
    assert found.item() == pytest.approx(loss, rel=1e-6)


def test_three_classes_by_hand():
    """Logits 0, ln 2 and ln 5 say 1/8, 1/4 and 5/8."""
    logits = torch.tensor([[0.0, math.log(2.0), math.log(5.0)]]).repeat(2, 1)
    found = smile_loss(logits, torch.tensor([2, 1]), torch.tensor([1.0, 3.0, 1.0]))
    assert found.item() == pytest.approx((math.log(8 / 5) + 3.0 * math.log(4.0)) / 2.0)
    assert probabilities(logits)[0].tolist() == pytest.approx([1 / 8, 1 / 4, 5 / 8])


def test_one_logit_of_two_classes_says_what_two_would():
    one = torch.linspace(-30.0, 30.0, 41)[:, None]
    two = torch.cat([torch.zeros_like(one), one], dim=1)
    labels, weights = torch.arange(41) % 2, torch.tensor([0.7, 1.3])
    assert smile_loss(one, labels, weights).item() == pytest.approx(
        smile_loss(two, labels, weights).item(), rel=1e-6
    )
    assert torch.allclose(probabilities(one), probabilities(two), rtol=0.0, atol=1e-15)
    pulls = [gradient(smile_loss, given, labels, weights)[:, -1] for given in (one, two)]
    assert torch.allclose(pulls[0], pulls[1], atol=1e-8)


def test_certainty_costs_much_and_never_everything():
    """The published sigmoid before the loss lost everything beyond a logit of 17."""
    logits, posed = torch.tensor([[100.0]]), torch.tensor([0])
    assert smile_loss(logits, posed, EVEN).item() == pytest.approx(100.0)
    assert gradient(smile_loss, logits, posed, EVEN).item() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("labels", "balance", "weights"),
    [
        ([0, 0, 0, 1], False, [1.0, 1.0]),
        ([0, 0, 0, 1], True, [4 / 6, 2.0]),
        ([0, 1, 0, 1], True, [1.0, 1.0]),
        ([1, 1, 1], True, [1.5, 0.5]),
    ],
)
def test_class_weights_by_hand(labels, balance, weights):
    found = class_weights(torch.tensor(labels), classes=2, balance=balance)
    assert found.tolist() == pytest.approx(weights)


def test_balanced_classes_pull_equally_hard():
    labels = torch.tensor([0] * 9 + [1])
    weights = class_weights(labels, classes=2, balance=True)
    pulls = gradient(smile_loss, torch.zeros((10, 1)), labels, weights)
    assert pulls[:9].sum().item() == pytest.approx(-pulls[9:].sum().item())


def test_probabilities_of_a_clip_make_1():
    logits = torch.tensor([[-700.0], [-3.0], [0.0], [40.0]])
    found = probabilities(logits)
    assert found.dtype == torch.float64
    assert found.sum(dim=1).tolist() == [1.0] * 4
    assert found[2].tolist() == [0.5, 0.5]
    assert (found[:, 1].diff() > 0).all()


# ---- D-Markers as targets -----------------------------------------------------------------------
def targets(*, weight: float = 0.5) -> Targets:
    """Of two clips. In clip 0 one value of the first block is known, 3, and in a mirror -1; in
    clip 1 one of the last block, 0.5 either way."""
    values, in_mirror = torch.full((2, 225), 9e9), torch.full((2, 225), -9e9)
    valid = torch.zeros((2, 225), dtype=torch.bool)
    values[0, 4], in_mirror[0, 4], valid[0, 4] = 3.0, -1.0, True
    values[1, 224], in_mirror[1, 224], valid[1, 224] = 0.5, 0.5, True
    return Targets(values, in_mirror, valid, weight)


STRAIGHT, SWAPPED = torch.tensor([False]), torch.tensor([True])


@pytest.mark.parametrize(
    ("clips", "mirrored", "loss"),
    [
        pytest.param([0], [False], 2.5, id="3 off: 3 - 1/2"),
        pytest.param([0], [True], 0.5, id="1 off: 1/2"),
        pytest.param([1], [True], 0.125, id="0.5 off: 0.5² / 2"),
        pytest.param([0, 1], [False, False], (2.5 + 0.125) / 2, id="the mean of both blocks"),
        pytest.param([1, 0], [False, True], (0.125 + 0.5) / 2, id="each in its own mirror"),
    ],
)
def test_the_loss_of_d_markers_by_hand(clips, mirrored, loss):
    zeros = torch.zeros((len(clips), 225))
    found = targets().loss(zeros, torch.tensor(clips), torch.tensor(mirrored))
    assert found.item() == pytest.approx(0.5 * loss)


def test_what_is_not_valid_costs_nothing_and_teaches_nothing():
    pulls = gradient(targets().loss, torch.zeros((1, 225)), torch.tensor([0]), STRAIGHT)
    assert pulls.nonzero().tolist() == [[0, 4]]


def total(markers: torch.Tensor | None, given: Targets | None) -> float:
    nothing = torch.zeros(0)
    batch = Batch(Windows(nothing, nothing, nothing, nothing), torch.tensor([0]), STRAIGHT)
    objective = Objective(labels=LABELS[:1], weights=EVEN, targets=given)
    return objective.loss(Output(LOGITS[:1], markers), batch, nn.Identity()).item()


def test_both_losses_add_up():
    markers = torch.zeros((1, 225))
    assert total(markers, targets()) == pytest.approx(COSTS[0] + 0.5 * 2.5)
    assert total(markers, targets(weight=0.0)) == pytest.approx(COSTS[0])
    assert total(None, targets()) == pytest.approx(COSTS[0]), "without heads nothing is predicted"
    assert total(markers, None) == pytest.approx(COSTS[0])


# ---- D-Markers, and the norms of weights --------------------------------------------------------
def valid_targets(**where: float) -> tuple[torch.Tensor, torch.Tensor]:
    """(2, 225) targets at `row_column`, valid there only and NaN elsewhere."""
    values, valid = torch.full((2, 225), torch.nan), torch.zeros(2, 225, dtype=torch.bool)
    for name, value in where.items():
        row, column = (int(part) for part in name.removeprefix("at_").split("_"))
        values[row, column], valid[row, column] = value, True
    return values, valid


# The prediction is 0 throughout. Huber: half the square up to 1, then the distance less a half.
@pytest.mark.parametrize(
    ("where", "loss"),
    [
        ({"at_0_0": 0.4}, 0.08),
        ({"at_0_0": -3.0}, 2.5),
        ({"at_0_0": 0.4, "at_1_24": 0.0}, 0.04),  # the same block, another clip
        ({"at_0_24": 0.4, "at_0_25": 0.0}, 0.04),  # two blocks
        (
            {"at_0_0": 1.0, "at_0_1": 1.0, "at_1_2": 1.0, "at_1_224": 0.0},
            0.25,
        ),  # blocks weigh alike
        ({}, 0.0),
    ],
)
def test_blocks_weigh_alike_by_hand(where, loss):
    values, valid = valid_targets(**where)
    predicted = torch.zeros(2, 225, requires_grad=True)
    found = marker_loss(predicted, values, valid)
    assert found.item() == pytest.approx(loss)
    found.backward()
    assert predicted.grad is not None
    assert torch.isfinite(predicted.grad).all()
    assert torch.equal(predicted.grad != 0, valid & (values != 0))


def test_far_from_the_target_the_gradient_is_still_there():
    """The squashed loss as published: s (1 - s) of 6e-6 at an error of 12."""
    predicted = torch.full((4, 225), 12.0, requires_grad=True)
    marker_loss(predicted, torch.zeros(4, 225), torch.ones(4, 225, dtype=torch.bool)).backward()
    assert predicted.grad is not None
    assert float(predicted.grad.sum()) == pytest.approx(1.0)


def test_norms_are_added_up_and_not_squared():
    """3-4-5 and 6-8-10, a number, and a tensor of zeros, whose gradient is none."""
    tensors = [
        torch.tensor([[3.0, 4.0]]),
        torch.tensor([6.0, 0.0, -8.0]),
        torch.tensor(-2.0),
        torch.zeros(2, 3),
    ]
    for tensor in tensors:
        tensor.requires_grad_()
    total = norms(iter(tensors))
    assert total.item() == pytest.approx(17.0)
    (3.0 * total).backward()
    slopes = [[[1.8, 2.4]], [1.8, 0.0, -2.4], -3.0, [[0.0] * 3] * 2]
    for tensor, slope in zip(tensors, slopes, strict=True):
        assert tensor.grad is not None
        assert torch.allclose(tensor.grad, torch.tensor(slope))
