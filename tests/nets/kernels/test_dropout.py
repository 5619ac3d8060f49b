import pytest
import torch
from torch import Tensor

from duchenne.nets.kernels import graph
from duchenne.nets.kernels.dropout import Dropout, draw_kept

MANY = 400_000


def drawn(share: float, *, count: int = MANY, seed: int = 0) -> Tensor:
    torch.manual_seed(seed)
    return draw_kept(torch.empty(count), share)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9])
def test_leaves_out_its_share_wherever_a_value_stands(share):
    """Four values share one draw, so each place among four is looked at by itself."""
    out = 1.0 - drawn(share).view(-1, 4).double().mean(0)
    error = (share * (1.0 - share) / (MANY / 4)) ** 0.5
    assert ((out - share).abs() < 5 * error + 1e-5).all()


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 5, 256, 1000])
def test_one_value_says_nothing_about_another(lag):
    kept = drawn(0.5).double() - 0.5
    assert abs((kept[lag:] * kept[:-lag]).mean() / 0.25) < 5 / MANY**0.5


def test_makes_up_for_what_it_leaves_out_and_passes_gradients_the_same_way():
    layer = Dropout(0.25)
    x = torch.rand(300, 7, dtype=torch.float64) + 1.0
    x.requires_grad_()
    torch.manual_seed(3)
    out = layer(x)
    torch.manual_seed(3)
    factor = draw_kept(x, 0.25).double() / 0.75
    torch.testing.assert_close(out, x * factor)
    gradient = torch.rand_like(x)
    [passed] = torch.autograd.grad(out, x, gradient)
    torch.testing.assert_close(passed, gradient * factor)
    assert 0.2 < (out == 0).double().mean() < 0.3


def test_draws_anew_each_time_and_the_same_from_one_seed():
    layer, x = Dropout(0.3), torch.ones(1000)
    torch.manual_seed(1)
    first, second = layer(x), layer(x)
    torch.manual_seed(1)
    assert torch.equal(first, layer(x))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 1001])
def test_pieces_of_any_size_give_the_same(count, monkeypatch):
    whole = drawn(0.4, count=count)
    monkeypatch.setattr(graph, "_CACHE", 64)
    assert torch.equal(drawn(0.4, count=count), whole)
    assert len(whole) == count


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_leaves_nothing_out_where_it_should_not(share):
    layer = Dropout(share).train(not share)
    x = torch.randn(50)
    assert torch.equal(layer(x), x)


def test_some_values_stay_however_large_the_share():
    out = Dropout(1.0 - 1e-9)(torch.ones(MANY * 2))
    assert out.isfinite().all()
    assert 0 < out.count_nonzero() < 50
