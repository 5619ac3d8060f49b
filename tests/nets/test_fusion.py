"""What each way of joining landmarks and D-Markers does, beside what holds for all of them."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from duchenne.nets import fusion
from duchenne.nets.fusion.base import Fusion, normed
from duchenne.nets.fusion.bilinear import Products
from duchenne.nets.fusion.factorized_bilinear import Factorized
from duchenne.nets.fusion.gated_concat import Gate
from duchenne.nets.fusion.tokens import MarkerTokens, addressed
from duchenne.nets.settings import MeshSettings
from duchenne.nets.trunk import Features, over_present
from tests.nets import plain

CLIPS, FRAMES, TOKENS = 3, 5, 4


def built(name: str) -> Fusion:
    torch.manual_seed(0)
    return fusion.build(MeshSettings(fusion=name)).double().eval().requires_grad_(False)


def features() -> Features:
    draw = torch.Generator().manual_seed(1)
    tokens = torch.randn(CLIPS, FRAMES, TOKENS, 256, generator=draw, dtype=torch.float64)
    frames = torch.randn(CLIPS, FRAMES, 256, generator=draw, dtype=torch.float64)
    present = torch.ones(CLIPS, FRAMES, dtype=torch.bool)
    present[1, 3:] = False
    return Features(tokens, frames, over_present(frames, present), present)


def markers(columns: int = 225) -> Tensor:
    draw = torch.Generator().manual_seed(2)
    return torch.randn(CLIPS, columns, generator=draw, dtype=torch.float64)


def unit(x: Tensor) -> Tensor:
    """Mean 0 and variance 1 along the last axis."""
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()


def sides(net: Fusion) -> tuple[Tensor, Tensor]:
    """The clip and its D-Markers, both projected."""
    of_clip, of_markers = net.get_submodule("landmarks"), net.get_submodule("markers")
    return of_clip(features().clip), of_markers(markers())


def mixed(net: Fusion, joined: Tensor) -> Tensor:
    after: Tensor = net.get_submodule("mix")(joined)
    return after


def test_fusions_give_what_no_other_gives():
    found = [built(name)(features(), markers()) for name in fusion.FUSIONS if name != "multitask"]
    assert all(joined.shape == (CLIPS, 256) for joined in found)
    for one, other in itertools.combinations(found, 2):
        assert not torch.allclose(one, other, atol=1e-3)


def test_concat_and_gate():
    net = built("concat")
    both = torch.cat((features().clip, net.get_submodule("markers")(markers())), dim=1)
    assert torch.allclose(net(features(), markers()), mixed(net, both))

    net = built("gated_concat")
    given, gate = net.get_submodule("markers")(markers()), net.get_submodule("gate")
    share = torch.sigmoid(gate.get_submodule("share")(torch.cat((features().clip, given), dim=1)))
    expected = mixed(net, share * features().clip + (1 - share) * given)
    assert torch.allclose(net(features(), markers()), expected)


def test_a_gate_stays_between_and_can_open_to_either_side():
    gate = Gate().double().requires_grad_(False)
    one, other = torch.randn(2, 7, 256, dtype=torch.float64).unbind()
    point = gate(one, other)
    assert ((point >= torch.minimum(one, other)) & (point <= torch.maximum(one, other))).all()
    for shift, expected in ((50.0, one), (-50.0, other)):
        gate.get_parameter("share.bias").fill_(shift)
        assert torch.allclose(gate(one, other), expected)


def test_the_weights_of_additive_add_to_one():
    net = built("additive")
    one, other = sides(net)
    weights = net.get_submodule("weights")(torch.cat((one, other), dim=1)).exp()
    share = weights[:, :1] / weights.sum(dim=1, keepdim=True)
    expected = mixed(net, share * one + (1 - share) * other)
    assert torch.allclose(net(features(), markers()), expected)


def test_additive_is_the_published_formula():
    """Both sides: linear, layer norm, ReLU; their weighted sum: layer norm, 256-512-256, ReLU."""
    net = built("additive")
    values = dict(net.named_parameters())

    def linear(x, name):
        return x @ values[f"{name}.weight"].T + values[f"{name}.bias"]

    def norm(x, name):
        centred = x - x.mean(dim=1, keepdim=True)
        scaled = centred / (centred.square().mean(dim=1, keepdim=True) + 1e-5).sqrt()
        return scaled * values[f"{name}.weight"] + values[f"{name}.bias"]

    one = norm(linear(features().clip, "landmarks.0"), "landmarks.1").clamp(min=0)
    other = norm(linear(markers(), "markers.0"), "markers.1").clamp(min=0)
    share = linear(torch.cat((one, other), dim=1), "weights").softmax(dim=1)
    both = norm(share[:, :1] * one + share[:, 1:] * other, "mix.0")
    expected = linear(linear(both, "mix.1").clamp(min=0), "mix.4").clamp(min=0)
    assert torch.allclose(net(features(), markers()), expected)


def test_hadamard_normalises_both_sides_of_its_product():
    """A side ten times as large gives the same."""
    net = built("hadamard")
    one, other = sides(net)
    before = net(features(), markers())
    assert torch.allclose(before, mixed(net, unit(one) * unit(other)))
    for name in ("landmarks", "markers"):
        for part in ("weight", "bias"):
            net.get_parameter(f"{name}.{part}").mul_(10.0)
    assert torch.allclose(net(features(), markers()), before, atol=1e-3)


def test_hadamard_gated_adds_the_gated_mixture():
    net = built("hadamard_gated")
    one, other = sides(net)
    gated = net.get_submodule("gate")(features().clip, other)
    assert torch.allclose(net(features(), markers()), mixed(net, unit(one) * unit(other) + gated))


def test_film_scales_and_shifts_and_can_lower():
    net = built("film")
    one, other = sides(net)
    scale, shift = net.get_submodule("conditions")(other).chunk(2, dim=1)
    assert torch.allclose(net(features(), markers()), mixed(net, (1 + scale) * one + shift))
    assert scale.mean() == pytest.approx(0.0, abs=0.05), "at the start the scale is about 1"
    assert (scale < -0.05).any()
    assert (shift < -0.05).any(), "published: never below 0"


def test_film_hadamard():
    net = built("film_hadamard")
    one, other = sides(net)
    scale, shift = net.get_submodule("conditions")(other).chunk(2, dim=1)
    film = 2 / (1 + (-scale).exp()) * unit(one) + shift
    assert torch.allclose(net(features(), markers()), mixed(net, film + unit(one) * unit(other)))


@pytest.mark.parametrize("name", ["bilinear", "factorized_bilinear"])
def test_bilinear_fusions_see_normed_sides_and_add_the_product_if_they_are_to(name):
    for added in (False, True):
        net = built(name + "_hadamard" * added)
        one, other = (unit(side) for side in sides(net))
        joined = net.get_submodule("products")(one, other) + (one * other if added else 0.0)
        assert torch.allclose(net(features(), markers()), mixed(net, joined))


def test_bilinear_products_are_those_of_torch():
    """Unlike torch's, they start with a variance of 1, beside that of an element-wise product."""
    torch.manual_seed(0)
    products = Products().requires_grad_(False)
    one, other = (unit(torch.randn(40, 256)) for _ in range(2))
    reference = nn.Bilinear(256, 256, 256).requires_grad_(False)
    weight = products.get_parameter("weighting.weight")
    reference.weight.copy_(weight.reshape(256, 256, 256))
    reference.bias.copy_(products.get_parameter("weighting.bias"))
    assert torch.allclose(products(one, other), reference(one / 16, other), atol=1e-4)
    assert products(one, other).var() == pytest.approx(1.0, rel=0.1)


def test_factorized_products_are_bilinear_of_rank_512():
    torch.manual_seed(0)
    products = Factorized().double().requires_grad_(False)
    left, right = products.landmarks, products.markers
    one, other = torch.randn(2, 4, 256, dtype=torch.float64).unbind()
    for side in (left, right):
        side.bias.zero_()
    whole = torch.einsum("or,ra,rb->oab", products.back.weight, left.weight, right.weight)
    expected = torch.einsum("oab,na,nb->no", whole, one, other) + products.back.bias
    assert torch.allclose(products(one, other), expected)


@pytest.mark.parametrize("indicators", [False, True])
def test_a_token_is_made_of_its_own_block_alone(indicators):
    torch.manual_seed(0)
    tokens = MarkerTokens(MeshSettings(indicators=indicators)).double().requires_grad_(False)
    given = markers(450 if indicators else 225)
    before = tokens(given)
    summed = before.sum(dim=1) - 8 * tokens.linear.bias
    assert torch.allclose(summed, tokens.linear(given)), "the tokens share out one linear map"
    for column in range(given.shape[1]):
        other = given.clone()
        other[:, column] += 1.0
        moved = (tokens(other) != before).any(dim=2).any(dim=0)
        assert moved.nonzero().flatten().tolist() == [column % 225 // 25]


def test_tokens_of_one_size_and_told_apart_where_all_is_missing():
    torch.manual_seed(0)
    tokens = MarkerTokens(MeshSettings()).requires_grad_(False)
    sizes = tokens(torch.randn(500, 225)).std(dim=(0, 2))
    assert sizes.max() < 1.2 * sizes.min()
    assert sizes.mean() == pytest.approx(3**-0.5, rel=0.1)
    nothing = addressed(tokens(torch.zeros(1, 225)))[0]
    assert torch.cdist(nothing, nothing).fill_diagonal_(torch.inf).min() > 1.0


@pytest.mark.parametrize(("name", "heads"), [("attention", 1), ("mh_attention", 4)])
def test_each_frame_asks_the_marker_tokens(name, heads):
    net = built(name)
    frames = net.get_submodule("landmarks")(features().frames)
    tokens = net.get_submodule("markers")(markers())
    query, key, value = (
        net.get_submodule(part)(given)
        for part, given in (("query", unit(frames)), ("key", addressed(tokens)), ("value", tokens))
    )
    all_nine = torch.ones(CLIPS, 9, dtype=torch.bool)
    answers = plain.attention(query, key, value, all_nine, heads=heads)
    assert (answers.std(dim=1) > 1e-6).all(), "frames get different answers"
    if heads > 1:
        answers = net.get_submodule("output")(answers)
    expected = mixed(net, over_present(frames + answers, features().present))
    assert torch.allclose(net(features(), markers()), expected)


def test_in_cross_attention_the_marker_tokens_ask_the_frames_too():
    net = built("cross_attention")
    part, present = net.get_submodule, features().present
    frames, tokens = part("landmarks")(features().frames), part("markers")(markers())
    rows, columns = part("frame_key")(unit(frames)), part("marker_key")(addressed(tokens))
    likeness = rows @ columns.transpose(1, 2) / 16  # (B, T, 9)
    of_frames = likeness.softmax(dim=2) @ part("marker_value")(tokens)
    hidden = likeness.masked_fill(~present[..., None], -torch.inf)
    of_markers = hidden.softmax(dim=1).transpose(1, 2) @ part("frame_value")(unit(frames))
    both = over_present(frames + of_frames, present) + (tokens + of_markers).mean(dim=1)
    assert torch.allclose(net(features(), markers()), mixed(net, both))


def test_in_mh_cross_attention_each_latent_token_asks():
    net = built("mh_cross_attention")
    part = net.get_submodule
    query = part("query")(unit(features().tokens)).reshape(CLIPS, FRAMES * TOKENS, 256)
    key, value = part("key_value")(addressed(part("markers")(markers()))).chunk(2, dim=2)
    all_nine = torch.ones(CLIPS, 9, dtype=torch.bool)
    answers = part("output")(plain.attention(query, key, value, all_nine, heads=4))
    of_frames = answers.reshape(CLIPS, FRAMES, TOKENS, 256).mean(dim=2)
    expected = features().clip + over_present(of_frames, features().present)
    assert torch.allclose(net(features(), markers()), expected)


def test_normed_has_mean_0_and_variance_1():
    x = 5.0 + 3.0 * torch.randn(4, 256, dtype=torch.float64)
    assert torch.allclose(normed(x), unit(x))


def test_over_present_means_the_present_alone():
    frames = torch.tensor([[[1.0], [5.0], [9.0]], [[2.0], [torch.inf], [torch.nan]]])
    present = torch.tensor([[True, False, True], [True, False, False]])
    assert over_present(frames, present).tolist() == [[5.0], [2.0]]
