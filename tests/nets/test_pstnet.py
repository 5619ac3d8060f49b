import pytest
import torch

from duchenne.nets.pstnet import Cloud, PstConvolution, PstNet
from duchenne.nets.tubes import Span
from tests.make.clouds import close, different, logits, of, pstnet, windows
from tests.nets import plain_clouds

SPANS = {
    "as published": Span(anchors=5, neighbours=3, radius=1, stride=2),
    "wide and long": Span(anchors=3, neighbours=20, radius=2, stride=3),
    "within a frame": Span(anchors=9, neighbours=4, radius=0, stride=1),
}


@pytest.mark.parametrize("inputs", [0, 6], ids=["displacements", "features"])
@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS.keys())
def test_the_convolution_is_that_of_a_plain_loop(span, inputs):
    torch.manual_seed(0)
    convolution = PstConvolution(inputs, 16, span=span).double()
    for values in convolution.norm.parameters():
        torch.nn.init.normal_(values)
    weights = {name: value.detach() for name, value in convolution.named_parameters()}
    given = windows("..x.x..", "x.....x", points=9)
    known = torch.randn(2, 7, 9, inputs, dtype=torch.float64)
    out = convolution(Cloud(given.xyz, known, given.present))
    for window in range(2):
        expected = plain_clouds.pst_convolution(
            weights, given.xyz[window], known[window], given.present[window], span
        )
        alive = torch.stack(list(expected.values())) > 1e-3
        assert alive.double().mean() > 0.25, "or this shows little"
        assert len(expected) == int(out.present[window].sum()) * span.anchors
        for at, value in expected.items():
            assert torch.allclose(out.features[window][at], value, rtol=0.0, atol=1e-10)


def test_what_it_knows_of_absent_frames_does_not_matter():
    torch.manual_seed(0)
    convolution = PstConvolution(4, 8, span=SPANS["as published"]).double()
    given = windows("..x.x..", "x.....x")
    known = torch.randn(2, 7, 30, 4, dtype=torch.float64)
    hidden = ~given.present[..., None, None]
    expected = convolution(Cloud(given.xyz, known, given.present))
    filled = convolution(Cloud(given.xyz, known.masked_fill(hidden, 1e6), given.present))
    shown = expected.present
    assert torch.equal(filled.features[shown], expected.features[shown])


def test_where_the_face_is_does_not_matter():
    net, given = pstnet().eval(), windows("..x....", ".......")
    place = torch.tensor([3.0, -1.0, 0.5], dtype=torch.float64)
    assert close(logits(net, given._replace(xyz=given.xyz + place)), logits(net, given))


def test_how_far_it_moves_counts_and_not_only_which_way():
    net, given = pstnet().eval(), windows("......", "......")
    assert different(logits(net, given._replace(xyz=2.0 * given.xyz)), logits(net, given))


def test_when_it_happens_does_not_matter():
    """Up to the strides: two of two frames each, so four frames later is the same."""
    net, given = pstnet().eval(), windows("......", "..x...")
    for later, same in ((4, True), (1, False)):
        xyz = torch.cat([torch.zeros(2, later, 30, 3), given.xyz], 1)
        present = torch.cat([torch.zeros(2, later, dtype=torch.bool), given.present], 1)
        assert close(logits(net, of(xyz, present)), logits(net, given)) is same


def test_the_mean_over_anchors_and_the_largest_of_frames_are_judged():
    net, given = pstnet().eval(), windows("..x....", "....xxx")
    seen: list[Cloud] = []
    last = [layer for layer in net.modules() if isinstance(layer, PstConvolution)][-1]
    last.register_forward_hook(lambda _, __, cloud: seen.append(cloud))
    found = logits(net, given)
    rows = [
        features[present].mean(1).amax(0)
        for features, present in zip(seen[0].features, seen[0].present, strict=True)
    ]
    head = net.get_submodule("head")
    assert close(head(torch.stack(rows)), found)


def test_the_default_network():
    net = PstNet(classes=2)
    layers = [layer for layer in net.modules() if isinstance(layer, PstConvolution)]
    assert [(layer.span, layer.time.out_features) for layer in layers] == [
        (Span(64, 9, radius=0, stride=1), 64),
        (Span(32, 9, radius=1, stride=2), 128),
        (Span(32, 9, radius=1, stride=1), 128),
        (Span(16, 9, radius=1, stride=2), 256),
        (Span(16, 9, radius=1, stride=1), 256),
        (Span(8, 9, radius=0, stride=1), 512),
    ]
    assert sum(values.numel() for values in net.parameters()) == 766_497
    assert torch.isfinite(logits(net.double(), windows("..x.", points=478))).all()
