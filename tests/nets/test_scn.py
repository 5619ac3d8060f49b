from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn

from duchenne.nets.inputs import Pictures
from duchenne.nets.scn import Block, ResNet18, Scn
from tests.make.pictures import one_frame_each, pictures


def small(*, classes: int = 7, dropout: float = 0.5) -> Scn:
    """In evaluation mode."""
    torch.manual_seed(0)
    return Scn(classes=classes, width=4, dropout=dropout).eval()


def faces(*seen: str) -> Pictures:
    return pictures(side=16, seen=list(seen))


@dataclass
class Seen:
    """What went into a layer and what came out, at each call."""

    given: list[Tensor] = field(default_factory=list)
    made: list[Tensor] = field(default_factory=list)

    def __call__(self, _: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        self.given.append(given[0])
        self.made.append(made)


def watched(layer: nn.Module) -> Seen:
    seen = Seen()
    layer.register_forward_hook(seen)
    return seen


@pytest.mark.parametrize(
    ("classes", "number"), [(7, 11_242_704), (8, 11_242_704 + 513), (2, 11_242_704 - 6 * 513)]
)
def test_the_published_number_of_parameters(classes, number):
    with torch.device("meta"):
        network = Scn(classes=classes)
    assert sum(values.numel() for values in network.parameters()) == number


def test_the_published_maps():
    network = ResNet18(width=64).eval()
    stem, blocks = watched(network.stem), [watched(block) for block in network.stages]
    with torch.no_grad():
        assert network(torch.rand(1, 3, 48, 48)).shape == (1, 512)
    assert stem.made[0].shape == (1, 64, 48, 48)
    assert [tuple(block.made[0].shape[1:]) for block in blocks] == [
        *[(64, 48, 48)] * 2,
        *[(128, 24, 24)] * 2,
        *[(256, 12, 12)] * 2,
        *[(512, 6, 6)] * 2,
    ]


def test_all_cells_of_the_last_map_count_alike():
    """Published, 20 of the 36 counted nothing."""
    network = ResNet18(width=2).eval()
    last = watched(network.stages[-1])
    features = network(torch.rand(1, 3, 48, 48))
    [cells] = torch.autograd.grad(features.sum(), last.made)
    assert cells.shape == (1, 16, 6, 6)
    assert torch.allclose(cells, torch.full_like(cells, 1 / 36))


@pytest.mark.parametrize(("wide", "stride", "plain"), [(4, 1, True), (4, 2, False), (8, 1, False)])
def test_a_block_adds_to_what_goes_around_it(wide, stride, plain):
    block = Block(4, wide, stride=stride).eval()
    nn.init.zeros_(block.get_parameter("convolutions.4.weight"))  # now its convolutions add 0
    x = torch.randn(2, 4, 6, 6)
    around = x if plain else block.around(x)
    assert around.shape == (2, wide, 6 // stride, 6 // stride)
    assert torch.equal(block(x), around.clamp(min=0))
    nn.init.ones_(block.get_parameter("convolutions.4.weight"))
    assert not torch.allclose(block(x), around.clamp(min=0))


def test_grey_is_given_three_times_from_minus_one_to_one():
    network = small()
    seen = watched(network.features)
    chips = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(3, 1, 1, 1, 1)
    network(Pictures(chips.expand(3, 1, 16, 16, 1), torch.ones(3, 1, dtype=torch.bool)))
    [given] = seen.given
    assert given.shape == (3, 3, 16, 16)
    expected = torch.tensor([-1.0, -0.6, 1.0]).reshape(3, 1, 1, 1).expand_as(given)
    assert torch.allclose(given, expected)


@pytest.mark.parametrize("classes", [2, 7])
def test_class_scores_count_by_certainty(classes):
    network, given = small(classes=classes), faces(".", ".", ".")
    scores = watched(network.scores)
    output = network(given)
    assert output.certainty is not None
    assert output.certainty.shape == (3,)
    assert ((output.certainty > 0) & (output.certainty < 1)).all()
    assert len(output.certainty.unique()) == 3
    counted = output.certainty[:, None] * scores.made[0]
    expected = counted if classes == 2 else counted.log_softmax(dim=1)
    assert torch.allclose(output.logits, expected, atol=1e-6)


def test_a_face_that_is_not_trusted_is_at_chance():
    network = small()
    nn.init.constant_(network.certainty.bias, -30.0)
    output = network(faces("."))
    assert torch.allclose(output.logits.exp(), torch.full((1, 7), 1 / 7))


def test_points_start_from_the_mean_points_and_weights_keep_these():
    network = small()
    assert torch.equal(network.mean_points, torch.full((68, 2), 0.5))
    before = network(faces("..", ".x")).points
    mean = torch.rand(68, 2)
    network.mean_points.copy_(mean)
    after = network(faces("..", ".x")).points
    assert before is not None
    assert after is not None
    assert after.shape == (2, 68, 2)
    assert torch.allclose(after - before, (mean - 0.5).expand(2, 68, 2), atol=1e-6)
    for value in network.points.parameters():
        nn.init.zeros_(value)
    again = small()
    again.load_state_dict(network.state_dict())
    points = again(faces(".")).points
    assert points is not None
    assert torch.equal(points[0], mean)
    assert "mean_points" not in dict(network.named_parameters())


def test_points_are_x_then_y_landmark_by_landmark():
    network = small()
    nn.init.zeros_(network.points.weight)
    with torch.no_grad():
        network.points.bias.copy_(torch.arange(136.0))
    points = network(faces(".")).points
    assert points is not None
    assert torch.equal(points[0, 20], torch.tensor([40.5, 41.5]))


def test_certainty_and_points_of_a_clip_are_the_means_of_its_frames():
    network, clips = small(), faces("...", ".x.")
    apart, together = network(one_frame_each(clips)), network(clips)
    for frames, means in ((apart.certainty, together.certainty), (apart.points, together.points)):
        assert frames is not None
        assert means is not None
        assert torch.allclose(means, torch.stack((frames[:3].mean(0), frames[3:].mean(0))))
        assert not torch.allclose(frames[0], frames[1])


@pytest.mark.parametrize(("dropout", "noisy"), [(0.0, False), (0.5, True)])
def test_dropout_is_before_all_that_is_read_from_a_face(dropout, noisy):
    network = small(dropout=dropout)
    heads = [watched(head) for head in (network.scores, network.certainty, network.points)]
    features = watched(network.features)
    network.train()(faces(".", "."))
    for head in heads:
        assert torch.equal(head.given[0], heads[0].given[0])
        assert torch.equal(head.given[0], features.made[0]) is not noisy
