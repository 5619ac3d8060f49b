"""What holds for every network that looks at face chips: one line of `NETWORKS` each."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from duchenne.nets.frames import by_window, frames_of, last
from duchenne.nets.inputs import Pictures
from duchenne.nets.realsmilenet import Memory, RealSmileNet
from duchenne.nets.vit import Vit
from tests.make.pictures import pictures, spread


class Network(NamedTuple):
    build: Callable[..., nn.Module]  # given `classes`
    side: int
    channels: int
    still: frozenset[str] = frozenset()  # parameters that the next norm takes out again

    def started(self, *, classes: int = 2) -> nn.Module:
        """In evaluation mode, and away from gains that start at zero."""
        torch.manual_seed(0)
        net = self.build(classes=classes)
        with torch.no_grad():
            for value in net.parameters():
                value.add_(torch.randn_like(value), alpha=0.1)
        return net.eval()

    def pictures(self, seen: list[str], *, seed: int = 0) -> Pictures:
        return pictures(seen, side=self.side, channels=self.channels, seed=seed)


def realsmilenet(memory: Memory) -> Network:
    biases = {"encoder.1.bias", "encoder.5.bias"}
    if memory == "convlstm":
        biases |= {"head.0.widen.bias", "head.0.norm.bias", "head.2.bias"}
    return Network(
        lambda classes: RealSmileNet(classes=classes, memory=memory), 48, 3, frozenset(biases)
    )


def vit(time_depth: int) -> Network:
    few = {"side": 16, "patch": 8, "width": 24, "depth": 2, "heads": 3, "time_depth": time_depth}
    return Network(lambda classes: Vit(classes=classes, **few), 16, 3)


NETWORKS = {
    "realsmilenet": realsmilenet("convlstm"),
    "realsmilenet-lstm": realsmilenet("lstm"),
    "realsmilenet-gru": realsmilenet("gru"),
    "vit": vit(1),
    "vit-mean": vit(0),
}
networks = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)

# The same frames of three windows, with others that are absent.
PLAIN = ["...", "..x", ".xx"]
PADDED = [
    ["...xx", "..xxx", ".xxxx"],  # at the end
    ["..x.x", ".xx.x", "xx.xx"],  # between
    ["xx...", "xxx..", "xxxx."],  # in front
]


@networks
@pytest.mark.parametrize(("classes", "logits"), [(2, 1), (3, 3), (7, 7)])
def test_one_logit_for_two_classes_and_else_one_each(network, classes, logits):
    out = network.started(classes=classes)(network.pictures(["...", ".x."])).logits
    assert out.shape == (2, logits)
    assert torch.isfinite(out).all()


@networks
def test_logits_are_not_squashed(network):
    net, given = network.started(), network.pictures(["...", ".x."])
    with torch.no_grad():
        list(net.parameters())[-1].fill_(40.0)  # the bias of the last layer
    assert (net(given).logits > 20.0).all()


@networks
def test_the_picture_counts(network):
    """In every frame that is present, and the last of a window that is shorter than others."""
    net, given = network.started(), network.pictures(["...", "..x"])
    logits, other = net(given).logits, network.pictures(["...", "..x"], seed=1)
    for window, frame in given.present.nonzero().tolist():
        chips = given.chips.clone()
        chips[window, frame] = other.chips[window, frame]
        moved = (net(given._replace(chips=chips)).logits - logits).abs()[:, 0] > 1e-5
        assert moved.tolist() == [row == window for row in range(2)]


@networks
def test_every_parameter_learns(network):
    net = network.started().train()
    out = net(network.pictures(["....", ".x..", "..xx"]))
    (out.logits * torch.tensor([[1.0], [-2.0], [0.5]])).sum().backward()
    strongest = max(pull(value) for value in net.parameters())
    still = {name for name, value in net.named_parameters() if pull(value) < 1e-4 * strongest}
    assert still == network.still


@networks
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("seen", [".x..", "xx.", "."])
def test_a_batch_of_one(network, training, seen):
    out = network.started().train(training)(network.pictures([seen]))
    assert out.logits.shape == (1, 1)
    assert torch.isfinite(out.logits).all()


@networks
@pytest.mark.parametrize("padded", PADDED, ids=["end", "between", "front"])
def test_absent_frames_change_no_logit(network, padded):
    net, given = network.started(), network.pictures(PLAIN)
    logits = net(given).logits
    assert torch.allclose(net(spread(given, padded)).logits, logits, rtol=0.0, atol=1e-6)
    assert len(set(logits.flatten().tolist())) == 3


@networks
@pytest.mark.parametrize("padded", PADDED, ids=["end", "between", "front"])
def test_absent_frames_change_nothing_that_is_learnt(network, padded):
    """Neither gradients nor running statistics, with the same frames dropped out."""
    given = network.pictures(PLAIN)
    gradients, kept = learnt(network, given)
    others, left = learnt(network, spread(given, padded))
    for name, value in gradients.items():
        assert torch.allclose(others[name], value, rtol=1e-4, atol=1e-6), name
    for name, value in kept.items():
        assert torch.allclose(left[name], value, rtol=1e-5, atol=1e-6), name


@networks
def test_a_window_is_judged_alone(network):
    """Beside others, longer ones among them, as by itself."""
    net, both = network.started(), network.pictures(["..x.", "...."])
    alone = Pictures(*(part[:1] for part in both))
    assert torch.allclose(net(both).logits[:1], net(alone).logits, rtol=0.0, atol=1e-6)


@networks
def test_half_precision_is_near(network):
    net, given = network.started(), network.pictures(["...", "..x"])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = net(given).logits
    half.float().sum().backward()
    assert torch.allclose(half.float(), net(given).logits, rtol=0.1, atol=0.1)


@networks
def test_other_chips_are_refused(network):
    side = network.side
    with pytest.raises(ValueError, match=rf"a chip is \({side}, {side}, 2\), and this network"):
        network.started()(pictures(["."], side=side, channels=2))


def test_pixels_are_those_of_present_frames_in_order():
    given = pictures([".x.", "xx."], side=4, channels=3)
    frames = frames_of(given, side=4, channels=3)
    assert frames.present.tolist() == [[True, True], [True, False]]
    for row, (window, frame) in enumerate(((0, 0), (0, 2), (1, 2))):
        expected = given.chips[window, frame].permute(2, 0, 1).float() / 255.0
        assert torch.equal(frames.pixels[row], expected)


def test_frames_find_their_windows_and_the_last_of_each():
    present = torch.tensor([[True, True], [True, False]])
    windows = by_window(torch.tensor([[1.0], [2.0], [3.0]]), present)
    assert windows.flatten(1).tolist() == [[1.0, 2.0], [3.0, 0.0]]
    assert last(windows, present).flatten().tolist() == [2.0, 3.0]


def pull(value: Tensor) -> float:
    return 0.0 if value.grad is None else float(value.grad.norm())


def learnt(network: Network, given: Pictures) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Gradients and buffers after one step."""
    net = network.started().train()
    torch.manual_seed(1)
    (net(given).logits * torch.tensor([[1.0], [-2.0], [0.5]])).sum().backward()
    gradients = {
        name: value.grad for name, value in net.named_parameters() if value.grad is not None
    }
    return gradients, dict(net.named_buffers())
