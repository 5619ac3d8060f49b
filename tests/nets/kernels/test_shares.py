"""A batch in shares, each on its own thread: the same function, gradients and statistics."""

import copy
import faulthandler
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from duchenne.nets.kernels.batchnorm import FoldedNorm, Norm
from duchenne.nets.kernels.crew import each
from duchenne.nets.kernels.dropout import Dropout, draw_kept
from duchenne.nets.kernels.shares import apart, chance, divided, first, total
from duchenne.nets.smilenet import SmileNet
from tests.make.windows import small, windows

ROWS = torch.arange(14, dtype=torch.float64).view(7, 2)


@pytest.fixture(autouse=True)
def _nobody_waits_for_ever() -> Iterator[None]:
    faulthandler.dump_traceback_later(300, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def run(net: nn.Module, work: Callable[[nn.Module], Tensor]) -> list[Tensor]:
    """What comes out, all gradients of an uneven sum of it, and all statistics."""
    net = copy.deepcopy(net)
    torch.manual_seed(3)
    out = work(net)
    if out.requires_grad:
        out.backward(torch.linspace(-1.0, 2.0, out.numel(), dtype=out.dtype).view_as(out))
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    return [out.detach(), *gradients, *net.buffers()]


def assert_close(found: list[Tensor], wanted: list[Tensor]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        scale = max(1.0, float(other.abs().max()))
        torch.testing.assert_close(one, other, rtol=0.0, atol=1e-11 * scale)


def smilenet(**given: Any) -> SmileNet:
    """Without dropout, whose draws are each share's own."""
    torch.manual_seed(0)
    net = SmileNet(small(encoder="curvenet", dropout=0.0, **given)).double()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm1d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.3)
    return net


def judged(seen: list[str], settings: Any) -> Callable[[nn.Module], Tensor]:
    given = windows(settings, seen=seen)
    wide = given._replace(xyz=given.xyz.double(), markers=given.markers.double())
    return lambda net: net(wide).logits


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("attention", ["both", "time", "space"])
@pytest.mark.parametrize("count", [2, 3])
def test_the_network_is_the_same_in_shares(count, attention, training):
    """Of unequal size, since there are seventeen frames, and some of a window are absent."""
    net = smilenet(attention=attention).train(training)
    work = judged([".....", "..x..", "xx...", "....."], net.settings)
    whole = run(net, work)
    with threads(count):
        assert_close(run(net, work), whole)


def test_more_threads_than_frames():
    net = smilenet().train()
    work = judged(["..", "x."], net.settings)
    whole = run(net, work)
    with threads(5):
        assert_close(run(net, work), whole)


def test_with_dropout_one_seed_gives_the_same_bits_and_shares_draw_for_themselves():
    torch.manual_seed(0)
    net = SmileNet(small(encoder="curvenet", dropout=0.3)).train()
    work = judged([".....", "....."], net.settings)
    net = net.double()
    with threads(2):
        once, again = run(net, work), run(net, work)
        assert all(torch.equal(*pair) for pair in zip(once, again, strict=True))
        layer = Dropout(0.5)
        left = apart(layer, torch.ones(2, 999), of=[layer])
    assert 0.3 < (left == 0).double().mean() < 0.7
    assert not torch.equal(left[0], left[1])


@pytest.mark.parametrize("quiet", [torch.no_grad, torch.inference_mode])
def test_while_nothing_is_recorded(quiet):
    net = smilenet().eval()
    work = judged([".....", "..x.."], net.settings)
    with quiet():
        whole = run(net, work)
        with threads(3):
            found = run(net, work)
    assert_close(found, whole)
    assert not found[0].requires_grad


@pytest.mark.parametrize("shape", [(9, 4), (9, 4, 5)])
@pytest.mark.parametrize("kind", [Norm, FoldedNorm])
def test_batch_normalisation_is_that_of_the_whole_batch(shape, kind):
    torch.manual_seed(1)
    norm = kind(4).double()
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    x = torch.randn(shape, dtype=torch.float64) * 3.0 + 100.0
    plain = nn.BatchNorm1d(4).double()
    plain.load_state_dict(norm.state_dict())
    wanted = x.clone().requires_grad_()
    expected = run(plain, lambda net: net(wanted))
    with threads(3):
        seen = x.clone().requires_grad_()
        found = run(norm, lambda net: apart(net, seen, of=[net]))
    assert seen.grad is not None
    assert wanted.grad is not None
    assert_close([*found, seen.grad], [*expected, wanted.grad])


def test_a_frozen_parameter_and_an_unused_one_have_no_gradient():
    used, unused = nn.Linear(2, 3).double(), nn.Linear(2, 3).double()
    used.bias.requires_grad_(False)
    x = ROWS.clone().requires_grad_()
    with threads(2):
        apart(used, x, of=[used, unused]).sum().backward()
    assert used.bias.grad is None
    assert unused.weight.grad is None
    torch.testing.assert_close(used.weight.grad, ROWS.sum(0).expand(3, 2))
    torch.testing.assert_close(x.grad, used.weight.detach().sum(0).expand(7, 2))


def test_a_parameter_of_two_modules_has_its_gradient_once():
    layer = nn.Linear(2, 1, bias=False).double()
    with threads(2):
        apart(layer, ROWS, of=[layer, nn.Sequential(layer)]).sum().backward()
    torch.testing.assert_close(layer.weight.grad, ROWS.sum(0, keepdim=True))


def test_an_input_that_is_not_learnt_from_has_no_gradient():
    layer = nn.Linear(2, 1).double()
    x = ROWS.clone().requires_grad_()
    with threads(2):
        apart(lambda rows: layer(rows.detach()), x, of=[layer]).sum().backward()
        assert x.grad is None
        assert layer.weight.grad is not None
        layer.weight.grad = None
        apart(lambda rows: rows.detach() * 2, x, of=[layer]).sum().backward()
    assert x.grad is None
    assert layer.weight.grad is None


def test_where_nothing_is_trained_torch_draws_as_if_nothing_had_been():
    net = smilenet().eval()
    work = judged([".....", "..x.."], net.settings)
    before = torch.random.get_rng_state()
    with threads(2), torch.no_grad():
        work(net)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_a_share_was_is_forgotten_after_it():
    layer = Dropout(0.5)
    with threads(2):
        apart(layer, ROWS, of=[layer])
        state = each(range(2), lambda _: (divided(), first(), chance()))
    assert state == [(False, True, None)] * 2


def test_all_shares_have_the_same_sum_to_the_last_digit():
    """In float32 its order decides: 2^24 + 1 is 2^24."""
    parts = torch.tensor([2.0**24, 1.0, -(2.0**24)])
    with threads(3):
        found = apart(lambda x: torch.stack(total(x.sum())), parts, of=[])
    assert found.tolist() == [0.0, 0.0, 0.0]


def test_statistics_of_values_far_from_zero():
    """Small differences of large numbers: their squares alone would lose them in float32."""
    torch.manual_seed(2)
    x = torch.randn(3000, 4, dtype=torch.float64) + 1000.0
    norm = Norm(4)
    near = x.float().requires_grad_()
    with threads(3):
        found = apart(norm, near, of=[norm])
    plain, wide = nn.BatchNorm1d(4).double(), x.float().double().requires_grad_()
    wanted = plain(wide)
    torch.testing.assert_close(found.double(), wanted, rtol=0.0, atol=1e-3)
    gradient = torch.randn(x.shape, dtype=torch.float64)
    found.backward(gradient.float())
    wanted.backward(gradient)
    for one, other in ((near.grad, wide.grad), (norm.weight.grad, plain.weight.grad)):
        assert one is not None
        assert other is not None
        torch.testing.assert_close(one.double(), other, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(
        norm.running_var.double(), 0.9 + 0.1 * x.var(0), rtol=1e-3, atol=1e-3
    )


def test_shares_that_do_not_sum_up_alike_are_told():
    def work(x: Tensor) -> Tensor:
        if first():
            total(1)
        return x

    with threads(2), pytest.raises(ValueError, match="zip"):
        apart(work, ROWS, of=[])


def test_sums_are_over_all_shares_and_each_share_knows_whether_it_is_the_first():
    def work(x: Tensor) -> Tensor:
        assert divided()
        rows, of_columns = total(len(x), x.sum(0))
        return torch.cat([x.new_tensor([rows, first()]), of_columns]).expand(len(x), -1)

    with threads(3):
        found = apart(work, ROWS, of=[])
    assert found[:, 0].tolist() == [7.0] * 7
    assert found[:, 1].tolist() == [1.0] * 3 + [0.0] * 4
    assert torch.equal(found[:, 2:], ROWS.sum(0).expand(7, -1))


def test_a_batch_by_itself_is_the_only_share():
    assert total(3, 4.0) == [3, 4.0]
    assert first()
    assert not divided()
    assert chance() is None
    torch.manual_seed(0)
    plain = draw_kept(torch.empty(100), 0.5)
    torch.manual_seed(0)
    with threads(1):
        assert torch.equal(apart(lambda x: draw_kept(x, 0.5), torch.empty(100), of=[]), plain)


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_what_goes_wrong_in_one_share_ends_the_others_where_they_wait(bad):
    begun, lock = 0, threading.Lock()

    def work(x: Tensor) -> Tensor:
        nonlocal begun
        with lock:
            begun += 1
        if x[0, 0] == ROWS.tensor_split(3)[bad][0, 0]:
            raise ValueError("this share")
        total(x.sum(0))
        return x

    with threads(3):
        with pytest.raises(ValueError, match="this share"):
            apart(work, ROWS, of=[])
        assert begun == 3
        assert torch.equal(apart(lambda x: x + total(1)[0], ROWS, of=[]), ROWS + 3)


def test_what_goes_wrong_on_the_way_back_is_raised():
    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.first = first()
            return x.clone()

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            if ctx.first:
                raise ValueError("on the way back")
            whole: Tensor = total(gradient.sum())[0]
            return whole.expand_as(gradient)

    bad: Callable[[Tensor], Tensor] = Bad.apply
    x = ROWS.clone().requires_grad_()
    with threads(2):
        out = apart(bad, x, of=[])
        with pytest.raises(ValueError, match="on the way back"):
            out.sum().backward()
