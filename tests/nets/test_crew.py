"""A pass in parts: the same numbers, whoever does which part."""

import threading
from collections.abc import Callable

import pytest
import torch

from duchenne.nets import crew
from duchenne.nets.curvenet import CurveNet
from duchenne.nets.curves import step_to, suppression
from duchenne.nets.edgewise import hidden_moments, largest, mixed_mean
from duchenne.nets.graph import graph_of
from duchenne.nets.join import join
from duchenne.nets.neighbours import nearest
from duchenne.nets.norm import FoldedNorm
from duchenne.nets.pooling import pool
from duchenne.nets.wide import wide_map


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_their_parts(threads):
    assert crew.each(range(20), lambda part: part * part) == [n * n for n in range(20)]
    assert crew.each([], lambda part: part) == []


def test_every_thread_has_buffers_of_its_own_and_uses_them_again(threads):
    made: list[int] = []

    def buffers() -> list[torch.Tensor]:
        made.append(threading.get_ident())
        return [torch.zeros(1)]

    def work(part: int, buffer: torch.Tensor) -> tuple[int, float]:
        before = float(buffer.fill_(part))
        torch.ones(300, 300) @ torch.ones(300, 300)
        return int(buffer), before

    found = crew.each(range(12), work, buffers=buffers)
    assert found == [(n, float(n)) for n in range(12)], "nobody else wrote to it"
    assert len(made) == min(threads, 12)


def test_a_part_is_done_by_one_thread_and_the_caller_keeps_its_own(threads):
    counts = crew.each(range(6), lambda _: torch.get_num_threads())
    assert counts == [1] * 6
    assert torch.get_num_threads() == threads


def test_nothing_is_recorded_for_a_gradient(threads):
    weight = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        assert not any(crew.each(range(4), lambda _: (weight * 2).requires_grad))
    with torch.inference_mode():
        kept = torch.zeros(4)  # may be written to in inference mode alone
        crew.each(range(4), lambda part: kept[part].fill_(part))
    assert kept.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_what_goes_wrong_is_raised_and_the_next_pass_works(threads):
    def work(part: int) -> int:
        if part == 3:
            raise ValueError("part 3")
        return part

    with pytest.raises(ValueError, match="part 3"):
        crew.each(range(8), work)
    assert crew.each(range(3), work) == [0, 1, 2]


def test_sums_are_taken_in_double_precision():
    results = [(torch.tensor([2.0**24]),), (torch.tensor([1.0]),), (torch.tensor([1.0]),)]
    [total] = crew.summed(results)
    assert total.tolist() == [2.0**24 + 2.0]


def with_threads(work: Callable[[], list[torch.Tensor]]) -> None:
    """Bit for bit the same with one, two and three threads."""
    before, found = torch.get_num_threads(), []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        found.append(work())
    torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(*pair) for pair in zip(found[0], other, strict=True))


def gradients(result: torch.Tensor, *inputs: torch.Tensor) -> list[torch.Tensor]:
    return [result, *torch.autograd.grad(result.square().sum(), inputs)]


def test_a_pass_over_edges_is_the_same_with_any_number_of_threads(monkeypatch):
    """With parts of one frame, so that there are many."""
    monkeypatch.setattr("duchenne.nets.chunks._CACHE", 1)
    torch.manual_seed(0)
    xyz, weight, bias = torch.randn(6, 60, 3), torch.randn(16, 16), torch.randn(16)
    graph = graph_of(xyz, nearest(xyz, 8))
    given = [torch.randn(360, 16), torch.randn(360, 16), weight, bias]

    def work() -> list[torch.Tensor]:
        u, v, w, b = (value.clone().requires_grad_() for value in given)
        mean, covariance = hidden_moments(u, v, graph)
        mixed, most = mixed_mean(graph, u, v, w, b), largest(u, graph)
        loss = mean.sum() + covariance.sum() + (mixed * most).sum()
        return [mean, covariance, mixed, most, *torch.autograd.grad(loss, (u, v, w, b))]

    with_threads(work)


def test_rows_in_parts_are_the_same_with_any_number_of_threads(monkeypatch):
    monkeypatch.setattr("duchenne.nets.chunks._CACHE", 10_000)
    torch.manual_seed(0)
    y, x = torch.randn(1000, 8, requires_grad=True), torch.randn(1000, 16, requires_grad=True)
    narrow, wide = torch.randn(32, 8, requires_grad=True), torch.randn(32, 16, requires_grad=True)
    bias, norm = torch.randn(32, requires_grad=True), FoldedNorm(32)
    with_threads(lambda: gradients(join(bias, y, narrow, x, wide), bias, y, narrow, x, wide))
    with_threads(lambda: gradients(wide_map(x, wide, norm), x, wide, norm.weight, norm.bias))
    with torch.inference_mode():
        with_threads(lambda: [wide_map(x, wide, norm.eval())])


def test_frames_in_parts_are_the_same_with_any_number_of_threads(monkeypatch):
    monkeypatch.setattr("duchenne.nets.chunks._CACHE", 10_000)
    monkeypatch.setattr("duchenne.nets.neighbours._FRAMES", 2)
    torch.manual_seed(0)
    faces, weight = torch.randn(9, 60, 16), torch.randn(5, 60, requires_grad=True)
    seen = faces.clone().requires_grad_()
    with_threads(lambda: gradients(pool(seen, weight, 0.0), seen, weight))
    with_threads(lambda: [nearest(faces[..., :3], 8)])
    candidates = nearest(faces[..., :3], 8)[:, :20]
    feature, past = faces[:, :20], faces[:, 20:40]
    with_threads(lambda: [suppression(faces, candidates, feature=feature, past=past)])
    soft = torch.randn(9, 20, 8, requires_grad=True)
    node = candidates[..., 3]
    with_threads(lambda: gradients(step_to(seen, soft, candidates, node), seen, soft))


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_while_nothing_is_learnt_the_encoder_shares_out_its_frames(frames):
    torch.manual_seed(0)
    xyz = torch.randn(frames, 60, 3, dtype=torch.float64)
    near, net = nearest(xyz, 9), CurveNet(60, neighbours=8, curves=10, steps=3).double()
    net(xyz, near)  # so that it has statistics of its own
    whole = net.eval()(xyz, near).detach()
    before = torch.get_num_threads()
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        with torch.inference_mode():
            torch.testing.assert_close(net(xyz, near), whole, rtol=0.0, atol=1e-12)
    torch.set_num_threads(before)
