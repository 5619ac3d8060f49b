from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from duchenne.nets.inputs import Pictures
from duchenne.nets.vit import Layer, Vit
from tests.make.pictures import numbers, pictures
from tests.nets import plain

PATCHES = 9


def small(**given: Any) -> Vit:
    """Nine patches of 4 × 4 pixels, in evaluation mode."""
    torch.manual_seed(0)
    few = {"side": 12, "patch": 4, "width": 24, "depth": 2, "heads": 3}
    return Vit(**{"classes": 2} | few | given).double().eval()


def frames() -> Tensor:
    return numbers(5, 3, 12, 12).sigmoid()


def patched(pixels: Tensor) -> Tensor:
    """(F, 3, 12, 12) → (F, 48, 9), patch by patch."""
    return functional.unfold(pixels, kernel_size=4, stride=4)


def whole(patches: Tensor) -> Tensor:
    return functional.fold(patches, output_size=12, kernel_size=4, stride=4)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"patch": 5}, "patch must divide 12, and 5 does not"),
        ({"heads": 5}, "width must be even and a multiple of 5, and 24 is not"),
        ({"width": 27}, "width must be even and a multiple of 3, and 27 is not"),
        ({"depth": 0}, "depth is 0; at least 1 layer is needed to encode a frame"),
    ],
)
def test_what_cannot_be_built_is_refused(given, text):
    with pytest.raises(ValueError, match=text):
        small(**given)


def test_a_frame_by_hand():
    """A linear map of each patch's pixels from -1 to 1, after a class token; places on top. What
    the class token has come to after the layers is the frame."""
    look, pixels = small().look, frames()
    patches = patched(2.0 * pixels - 1.0).mT @ look.patches.weight.flatten(1).T
    patches = patches + look.get_parameter("patches.bias")
    tokens = torch.cat((look.class_token.expand(5, 1, 24), patches), dim=1) + look.places
    for layer in look.layers:
        tokens = layer(tokens)
    assert torch.allclose(look(pixels), functional.layer_norm(tokens[:, 0], (24,)))


def test_a_layer_is_that_of_the_formulas():
    torch.manual_seed(0)
    layer, x = Layer(width=24, heads=3, dropout=0.1).double().eval(), numbers(2, 6, 24)
    normal = functional.layer_norm(x, (24,))
    key, value = layer.key_value(normal).chunk(2, dim=-1)
    present = torch.tensor([[True] * 6, [True, False] * 3])
    seen = plain.attention(layer.query(normal), key, value, present, heads=3)
    middle = x + layer.output(seen)
    inner = functional.gelu(layer.perceptron[1](functional.layer_norm(middle, (24,))))
    expected = middle + layer.perceptron[4](inner)
    assert torch.allclose(layer(x, present=present), expected)
    assert torch.allclose(layer(x, present=present, places=2), expected[:, :2])


def test_patches_in_another_order_with_their_places_are_the_same_frame():
    look, pixels, order = small().look, frames(), torch.randperm(PATCHES)
    before, shuffled = look(pixels), whole(patched(pixels)[:, :, order])
    assert not torch.allclose(look(shuffled), before, atol=1e-3)
    with torch.no_grad():
        look.places[:, 1:] = look.places[:, 1:][:, order]
    assert torch.allclose(look(shuffled), before)


def test_where_a_patch_is_weighs_at_the_start_as_much_as_what_it_shows():
    torch.manual_seed(0)
    look = Vit(classes=2).look
    shown = look.patches(2.0 * numbers(20, 3, 64, 64).sigmoid().float() - 1.0)
    assert 0.5 < look.places.std() / shown.std() < 3.0


def test_without_places_the_order_of_patches_is_not_seen():
    look, pixels = small().look, frames()
    with torch.no_grad():
        look.places[:, 1:] = 0.0
    turned = whole(patched(pixels).flip(2))
    assert torch.allclose(look(turned), look(pixels))


def test_every_patch_reaches_the_frame_and_no_other_frame():
    look, pixels = small().look, frames()
    before = look(pixels)
    for patch in range(PATCHES):
        patches = patched(pixels)
        patches[2, :, patch] = patches[3, :, patch]
        moved = (look(whole(patches)) - before).abs().amax(1) > 1e-6
        assert moved.tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(("time_depth", "ordered"), [(0, False), (1, True), (2, True)])
def test_the_order_of_frames_counts_where_they_meet(time_depth, ordered):
    net, given = small(time_depth=time_depth).float(), pictures(["...."], side=12, channels=3)
    turned = given._replace(chips=given.chips.flip(1))
    apart = (net(given).logits - net(turned).logits).abs()
    assert (apart > 1e-4) if ordered else (apart < 1e-6)


def test_a_mean_knows_no_number_of_frames():
    net, given = small(time_depth=0).float(), pictures(["."], side=12, channels=3)
    thrice = Pictures(given.chips.repeat(1, 3, 1, 1, 1), given.present.repeat(1, 3))
    assert torch.allclose(net(thrice).logits, net(given).logits, rtol=0.0, atol=1e-6)


def test_more_layers_are_more_layers():
    """Of 24: two norms, four square maps, two of four times the width; all with biases."""
    one = 2 * 48 + 4 * 24 * 24 + 4 * 24 + 2 * 24 * 96 + 96 + 24
    base = size(small(depth=1, time_depth=0))
    assert base == (48 * 24 + 24) + 24 + 10 * 24 + one + 48 + 48 + 25
    assert size(small(depth=3, time_depth=2)) == base + 4 * one


def size(net: Vit) -> int:
    return sum(values.numel() for values in net.parameters())
