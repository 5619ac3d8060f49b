import pytest
import torch

from duchenne.nets.losses import marker_loss, norms


def targets(**where: float) -> tuple[torch.Tensor, torch.Tensor]:
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
def test_the_loss_by_hand(where, loss):
    values, valid = targets(**where)
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
