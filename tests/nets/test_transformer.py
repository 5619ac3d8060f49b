import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from duchenne.nets.transformer import Axis, Layer, Transformer, attend, encoding
from tests.nets import plain


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attention_is_that_of_a_plain_loop(heads):
    torch.manual_seed(heads)
    query = torch.randn(3, 5, 8, dtype=torch.float64)
    key, value = torch.randn(2, 3, 7, 8, dtype=torch.float64).unbind()
    present = torch.rand(3, 7) > 0.4
    present[:, 2] = True
    expected = plain.attention(query, key, value, present, heads=heads)
    assert torch.allclose(attend(query, key, value, heads=heads, present=present), expected)
    assert torch.allclose(
        attend(query, key, value, heads=heads),
        plain.attention(query, key, value, torch.ones_like(present), heads=heads),
    )


def double(axes: Sequence[Axis]) -> Transformer:
    torch.manual_seed(0)
    return Transformer(axes, heads=4, mlp=32, dropout=0.1).double().eval()


def normal(x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()


def test_a_layer_is_that_of_the_formulas():
    """Norms start as plain ones, so that these formulas need no weights of theirs."""
    layer = double(["space"]).requires_grad_(False).layers[0]
    assert isinstance(layer, Layer)
    x = torch.randn(2, 6, 256, dtype=torch.float64)
    weight = dict(layer.named_parameters())
    parts = weight["query_key_value.weight"].chunk(3)
    query, key, value = (normal(x) @ part.T for part in parts)
    seen = plain.attention(query, key, value, torch.ones(2, 6, dtype=torch.bool), heads=4)
    middle = x + seen @ weight["output.0.weight"].T + weight["output.0.bias"]
    inner = normal(middle) @ weight["perceptron.1.weight"].T + weight["perceptron.1.bias"]
    active = inner * (1.0 + torch.erf(inner / math.sqrt(2.0))) / 2.0
    expected = middle + active @ weight["perceptron.4.weight"].T + weight["perceptron.4.bias"]
    assert torch.allclose(layer(x), expected)


@pytest.mark.parametrize(("axis", "changed"), [("time", (1, None, 2)), ("space", (1, 3, None))])
def test_a_layer_mixes_along_its_own_axis_and_no_other(axis, changed):
    """Window 1, frame 3, token 2 is altered: its own token over time or its own frame follows."""
    transformer = double([axis, axis])
    tokens = torch.randn(2, 5, 4, 256, dtype=torch.float64)
    present = torch.ones(2, 5, dtype=torch.bool)
    other = tokens.clone()
    other[1, 3, 2] = other[0, 0, 0]
    moved = (transformer(tokens, present) - transformer(other, present)).abs().amax(-1) > 1e-9
    expected = torch.zeros_like(moved)
    expected[tuple(slice(None) if place is None else place for place in changed)] = True
    assert torch.equal(moved, expected)


def test_alternating_layers_reach_everything_in_a_window():
    transformer = double(["time", "space"])
    tokens = torch.randn(2, 5, 4, 256, dtype=torch.float64)
    present = torch.ones(2, 5, dtype=torch.bool)
    other = tokens.clone()
    other[1, 3, 2] = other[0, 0, 0]
    moved = (transformer(tokens, present) - transformer(other, present)).abs().amax(-1) > 1e-12
    assert moved[1].all()
    assert not moved[0].any()


def test_frames_know_their_place_and_tokens_have_none():
    """Tokens in another order come out in that order; frames in another order do not."""
    transformer = double(["time", "space"])
    tokens = torch.randn(1, 5, 4, 256, dtype=torch.float64)
    present = torch.ones(1, 5, dtype=torch.bool)
    out = transformer(tokens, present)
    assert torch.allclose(transformer(tokens.flip(2), present), out.flip(2))
    assert not torch.allclose(transformer(tokens.flip(1), present), out.flip(1), atol=1e-3)


def test_the_place_is_added_once_and_only_for_attention_over_time():
    tokens = torch.randn(1, 5, 4, 256, dtype=torch.float64)
    present = torch.ones(1, 5, dtype=torch.bool)
    seen: list[Tensor] = []
    for axis in ("time", "space"):
        transformer = double([axis])
        transformer.layers[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        transformer(tokens, present)
    placed = tokens + encoding(5, 256, like=tokens)[:, None]
    assert torch.equal(seen[0], placed.transpose(1, 2).flatten(0, 1))
    assert torch.equal(seen[1], tokens.flatten(0, 1))


def test_absent_frames_are_looked_at_by_no_other():
    transformer = double(["time", "space", "time"])
    tokens = torch.randn(2, 5, 4, 256, dtype=torch.float64)
    present = torch.tensor([[True, False, True, True, False], [False, True, True, True, True]])
    other = torch.where(present[..., None, None], tokens, 1e3)
    before, after = transformer(tokens, present)[present], transformer(other, present)[present]
    assert torch.equal(before, after)
