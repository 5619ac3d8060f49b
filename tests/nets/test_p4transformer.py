import pytest
import torch

from duchenne.nets.p4transformer import P4Transformer, PointConvolution4d, most
from duchenne.nets.transformer import Layer
from duchenne.nets.tubes import Span, tubes
from tests.make.clouds import close, different, logits, of, p4transformer, windows
from tests.nets import plain, plain_clouds

SPANS = {
    "as published": Span(anchors=5, neighbours=3, radius=1, stride=2),
    "wide and long": Span(anchors=3, neighbours=20, radius=2, stride=3),
    "within a frame": Span(anchors=9, neighbours=4, radius=0, stride=1),
}


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS.keys())
def test_the_convolution_is_that_of_a_plain_loop(span):
    torch.manual_seed(0)
    convolution = PointConvolution4d(8).double()
    given = windows("..x.x..", "x.....x", points=9)
    pieces = tubes(given.xyz, given.present, span)
    out = convolution(pieces)
    for window in range(2):
        expected = plain_clouds.point_4d_convolution(
            convolution.displacement.weight, given.xyz[window], given.present[window], span,
            unit=0.1,
        )  # fmt: skip
        assert len(expected) == int(pieces.present[window].sum()) * span.anchors
        for at, value in expected.items():
            assert torch.allclose(out[window][at], value, rtol=0.0, atol=1e-10)


def test_the_largest_has_the_gradient_of_a_maximum(monkeypatch):
    monkeypatch.setattr(
        "duchenne.nets.kernels.graph._CACHE", 8 * 5 * 6 * 2
    )  # two of seven at a time
    torch.manual_seed(0)
    rows = torch.randn(7, 5, 4, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    plain = (rows @ weight.T).amax(1)
    found = most(rows, weight)
    assert torch.allclose(found, plain, rtol=0.0, atol=1e-12)
    pull = torch.randn_like(found)
    wanted = torch.autograd.grad(plain, (rows, weight), pull)
    for one, other in zip(torch.autograd.grad(found, (rows, weight), pull), wanted, strict=True):
        assert torch.allclose(one, other, rtol=0.0, atol=1e-12)


def test_tokens_know_where_they_are():
    net, given = p4transformer().eval(), windows("..x....", ".......")
    moved = given._replace(xyz=given.xyz + torch.tensor([3.0, -1.0, 0.5]))
    assert different(logits(net, moved), logits(net, given))
    with torch.no_grad():
        net.get_parameter("where.weight")[:, :3] = 0.0
    assert close(logits(net, moved), logits(net, given))


def test_tokens_know_when_they_are():
    net, given = p4transformer().eval(), windows("..x....", ".......")
    xyz = torch.cat([torch.zeros(2, 4, 30, 3), given.xyz], 1)
    present = torch.cat([torch.zeros(2, 4, dtype=torch.bool), given.present], 1)
    later = of(xyz, present)
    assert different(logits(net, later), logits(net, given))
    with torch.no_grad():
        net.get_parameter("where.weight")[:, 3] = 0.0
    assert close(logits(net, later), logits(net, given))


def test_tokens_look_at_all_tokens_that_are_present_and_at_no_others():
    torch.manual_seed(0)
    layer = Layer(8, heads=2, mlp=16, dropout=0.0).double()
    x = torch.randn(2, 6, 8, dtype=torch.float64)
    present = torch.tensor([[True, True, False, True, True, False]] * 2)
    for place in range(6):
        other = x.clone()
        other[1, place] = torch.randn(8, dtype=torch.float64)
        moved = (layer(other, present) - layer(x, present)).abs().amax(-1) > 1e-9
        expected = torch.zeros_like(moved)
        expected[1] = torch.arange(6) == place
        expected[1] |= bool(present[1, place])
        assert torch.equal(moved, expected)


def test_a_layer_is_that_of_the_formulas():
    """Norms start as plain ones, so that these formulas need no weights of theirs."""
    torch.manual_seed(0)
    layer = Layer(8, heads=2, mlp=16, dropout=0.0).double().requires_grad_(False)
    x = torch.randn(2, 6, 8, dtype=torch.float64)
    present = torch.tensor([[True] * 6, [True, False, True, True, False, True]])
    weight = dict(layer.named_parameters())
    query, key, value = (normal(x) @ part.T for part in weight["query_key_value.weight"].chunk(3))
    seen = plain.attention(query, key, value, present, heads=2)
    middle = x + seen @ weight["output.0.weight"].T + weight["output.0.bias"]
    inner = normal(middle) @ weight["perceptron.1.weight"].T + weight["perceptron.1.bias"]
    active = inner * (1.0 + torch.erf(inner / 2.0**0.5)) / 2.0
    expected = middle + active @ weight["perceptron.4.weight"].T + weight["perceptron.4.bias"]
    assert torch.allclose(layer(x, present), expected, rtol=0.0, atol=1e-10)


def normal(x: torch.Tensor) -> torch.Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()


def test_the_largest_of_present_tokens_is_judged():
    """Of seven frames, with six anchors in each second one, the last of which is not there."""
    net, given = p4transformer().eval(), windows("..x....", "...x..x")
    with torch.no_grad():
        net.get_parameter("where.weight")[:, 3] *= 50.0  # so that the last would be the largest
    seen: list[torch.Tensor] = []
    net.get_submodule("layers.1").register_forward_hook(lambda _, __, x: seen.append(x))
    found = logits(net, given)
    rows = torch.stack([seen[0][0].amax(0), seen[0][1, :18].amax(0)])
    assert close(net.get_submodule("head")(rows), found)
    assert (seen[0][1].amax(0) != rows[1]).any(), "or this shows nothing"


def test_the_default_network():
    net = P4Transformer(classes=2)
    assert sum(values.numel() for values in net.parameters()) == 397_825
    assert torch.isfinite(logits(net.double(), windows("..x.", points=478))).all()
