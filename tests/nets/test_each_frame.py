"""What holds for every network that judges pictures one by one."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.dexpression import DeXpression
from duchenne.nets.frames import mean, mean_probabilities, pixels_of
from duchenne.nets.inputs import Output, Pictures
from duchenne.nets.scn import Scn, landmark_loss, rank_loss
from tests.make.pictures import one_frame_each, pictures, without

SIDE = 48
SMALL: dict[str, Callable[[int], nn.Module]] = {
    "dexpression": lambda classes: DeXpression(classes=classes, side=SIDE),
    "scn": lambda classes: Scn(classes=classes, width=4, dropout=0.1),
}
networks = pytest.mark.parametrize("name", SMALL)
classes = pytest.mark.parametrize("classes", [2, 7])


def network(name: str, *, classes: int = 7, seed: int = 0) -> nn.Module:
    """In evaluation mode, and with statistics of other pictures than none."""
    torch.manual_seed(seed)
    net = SMALL[name](classes).train()
    net(pictures(side=SIDE, seen=["."] * 4, seed=9))
    return net.eval()


def windows(*seen: str, seed: int = 0) -> Pictures:
    return pictures(side=SIDE, seen=list(seen), seed=seed)


def loss_of(output: Output) -> Tensor:
    """All that the network is taught by, towards something or other."""
    logits = output.logits
    labels = torch.arange(len(logits)) % 2
    if logits.shape[1] == 1:
        loss = functional.binary_cross_entropy_with_logits(logits[:, 0], labels.float())
    else:
        loss = functional.cross_entropy(logits, labels)
    if output.certainty is not None and output.points is not None:
        target = torch.linspace(0.0, 1.0, 136).reshape(1, 68, 2).expand_as(output.points)
        loss = loss + rank_loss(output.certainty) + landmark_loss(output.points, target)
    return loss


def trained(net: nn.Module, given: Pictures) -> dict[str, Tensor]:
    """Every gradient and statistic after one step on these pictures."""
    torch.manual_seed(1)
    net.train().zero_grad()
    loss_of(net(given)).backward()
    left = {name: value.grad for name, value in net.named_parameters() if value.grad is not None}
    return left | {f"{name} now": value.clone() for name, value in net.named_buffers()}


@networks
@classes
def test_every_parameter_is_taught(name, classes):
    net = network(name, classes=classes)
    left = trained(net, windows("..", ".x", "x.", ".."))
    for parameter, _ in net.named_parameters():
        assert torch.isfinite(left[parameter]).all(), parameter
        assert (left[parameter] != 0).any(), parameter


@networks
@classes
def test_a_batch_of_one_picture(name, classes):
    net, one = network(name, classes=classes), windows(".")
    assert net(one).logits.shape == (1, 1 if classes == 2 else classes)
    assert torch.isfinite(net(one).logits).all()
    assert all(torch.isfinite(value).all() for value in trained(net, one).values())


PADDED = ("..x.x", ".xx.x", "..x.x")


@networks
def test_absent_frames_change_no_output(name):
    net, padded = network(name), windows(*PADDED)
    for found, expected in zip(net(padded), net(without(padded, frames=[2, 4])), strict=True):
        assert (found is None) is (expected is None)
        assert found is None or torch.equal(found, expected)


@networks
def test_absent_frames_change_no_gradient_and_no_statistic(name):
    padded = windows(*PADDED)
    found = trained(network(name), padded)
    expected = trained(network(name), without(padded, frames=[2, 4]))
    assert found.keys() == expected.keys()
    for part, value in found.items():
        assert torch.equal(value, expected[part]), part
    before = {f"{part} now": value for part, value in network(name).named_buffers()}
    moved = [part for part, value in before.items() if not torch.equal(value, found[part])]
    assert any("running_mean" in part for part in moved)


@networks
@classes
def test_a_clips_probabilities_are_the_means_of_its_frames(name, classes):
    net, clips = network(name, classes=classes), windows("...", ".x.")
    apart, together = (
        _probabilities(net(given).logits) for given in (one_frame_each(clips), clips)
    )
    expected = torch.stack((apart[:3].mean(0), apart[3:].mean(0)))
    assert torch.allclose(together, expected, atol=1e-6)
    assert not torch.allclose(apart[0], apart[1], atol=1e-6)


@networks
def test_a_window_is_judged_by_itself(name):
    net, both = network(name), windows("..x.", "....")
    alone = Pictures(*(part[:1] for part in both))
    assert torch.allclose(net(both).logits[:1], net(alone).logits, atol=1e-5)


@networks
def test_one_seed_gives_one_network(name):
    weights, same = network(name).state_dict(), network(name).state_dict()
    other = network(name, seed=1).state_dict()
    assert all(torch.equal(value, same[part]) for part, value in weights.items())
    assert any(not torch.equal(value, other[part]) for part, value in weights.items())


def bright_halves(*, seed: int) -> Pictures:
    """The upper half in the first picture and the third, the lower in the others."""
    chips, present = windows(*["."] * 4, seed=seed)
    chips = chips // 2
    chips[::2, :, : SIDE // 2] += 100
    chips[1::2, :, SIDE // 2 :] += 100
    return Pictures(chips, present)


@networks
def test_it_learns_which_half_is_bright(name):
    """And sees it in other pictures. Chance: 0.69."""
    net = network(name, classes=2).train()
    learned = [value for part, value in net.named_parameters() if "points" not in part]
    for _ in range(8):
        loss = loss_of(Output(net(bright_halves(seed=0)).logits))
        gradients = torch.autograd.grad(loss, learned)
        with torch.no_grad():
            for value, gradient in zip(learned, gradients, strict=True):
                value.sub_(0.01 * gradient.sign())
    assert loss_of(Output(net(bright_halves(seed=1)).logits)) < 0.4


def test_pictures_are_scaled_and_the_absent_left_out():
    chips = torch.tensor([[0, 51, 255], [255, 7, 102]], dtype=torch.uint8)[..., None, None, None]
    present = torch.tensor([[True, True, False], [True, False, True]])
    found = pixels_of(Pictures(chips.expand(2, 3, 4, 5, 3), present))
    assert found.shape == (4, 3, 4, 5)
    assert torch.allclose(found[:, 0, 0, 0], torch.tensor([0.0, 0.2, 1.0, 0.4]))


YES, NO = math.log(0.9 / 0.1), math.log(0.3 / 0.7)


# Logits of one window's frames, the logit of their mean probability, and what it gains from each:
# by p (1 - p) of a frame, over the number of frames and that of the mean.
@pytest.mark.parametrize(
    ("frames", "expected", "gains"),
    [
        ([YES], YES, [1.0]),
        ([YES, NO], math.log(0.6 / 0.4), [0.09 / 0.48, 0.21 / 0.48]),
        ([YES, YES, NO], math.log(0.7 / 0.3), [0.09 / 0.63, 0.09 / 0.63, 0.21 / 0.63]),
        ([800.0, -800.0], 0.0, [0.0, 0.0]),
        ([800.0, 500.0], 500.0 + math.log(2.0), [0.0, 1.0]),
        ([-90.0, -1000.0], -90.0 - math.log(2.0), [1.0, 0.0]),
    ],
)
def test_two_classes_by_hand(frames, expected, gains):
    logits = torch.tensor(frames, requires_grad=True)
    found = mean_probabilities(logits[:, None], torch.ones(1, len(frames), dtype=torch.bool))
    assert found.tolist() == [[pytest.approx(expected, rel=1e-6, abs=1e-6)]]
    found.sum().backward()
    assert logits.grad is not None
    assert logits.grad.tolist() == pytest.approx(gains, abs=1e-5)


def test_many_classes_by_hand():
    """Two windows, of probabilities (0.5, 0.25, 0.25) and (0.1, 0.8, 0.1), and of surer ones."""
    one, other = torch.tensor([0.5, 0.25, 0.25]).log(), torch.tensor([0.1, 0.8, 0.1]).log()
    sure, opposed = torch.tensor([900.0, 0.0, 0.0]), torch.tensor([0.0, 900.0, -900.0])
    logits = torch.stack((one + 3.0, other - 5.0, sure, opposed)).requires_grad_()
    present = torch.tensor([[True, False, True], [False, True, True]])
    found = mean_probabilities(logits, present)
    expected = torch.tensor([[0.3, 0.525, 0.175], [0.5, 0.5, 0.0]])
    assert torch.allclose(found.exp(), expected, atol=1e-6)
    assert found[1, 2].item() == pytest.approx(-900.0 - math.log(2.0))
    found.sum().backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_means_by_hand():
    present = torch.tensor([[True, False, True], [False, True, False]])
    found = mean(torch.tensor([[1.0, 2.0], [3.0, 6.0], [5.0, 7.0]]), present)
    assert found.tolist() == [[2.0, 4.0], [5.0, 7.0]]


def _probabilities(logits: Tensor) -> Tensor:
    if logits.shape[1] == 1:
        return torch.cat((torch.sigmoid(-logits), torch.sigmoid(logits)), dim=1)
    return torch.softmax(logits, dim=1)
