"""Sums, maxima and moments over all edges of a graph, with hand-written gradients.

The edge j → i has the feature h_ij = leaky(u_j + v_i), for u and v at the points (F·N, c). It is
computed again in every pass, a few frames at a time, which is faster than reading it back from
memory.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from duchenne.nets.kernels.batchnorm import moments_slope
from duchenne.nets.kernels.graph import Graph, Part, summed

SLOPE = 0.2  # of all leaky rectifiers in this encoder


def _hidden(u: Tensor, v: Tensor, part: Part, *, into: Tensor) -> Tensor:
    """h (f·k·N, c) on the edges of a part."""
    edges = part.gather(u, into=into).add_(part.targets(v))
    return functional.leaky_relu_(edges, SLOPE).view(-1, u.shape[1])


def unrectify(gradient: Tensor, result: Tensor, *, into: Tensor) -> Tensor:
    """The gradient at the input of a leaky rectifier, from its input or its output (`result`)."""
    torch.ops.aten.leaky_relu_backward.grad_input(gradient, result, SLOPE, True, grad_input=into)
    return into


class _Max(torch.autograd.Function):
    """The largest u_j (F·N, c) per point and column, over the edges j → i."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, graph: Graph) -> Tensor:
        most = torch.empty_like(u)

        def work(part: Part, buffer: Tensor) -> None:
            torch.amax(part.gather(u, into=buffer), 1, True, out=part.targets(most))

        graph.each(u, work, buffers=1)
        ctx.save_for_backward(u, most)
        ctx.graph = graph
        return most

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        u, most = ctx.saved_tensors
        out = torch.empty_like(u)

        def work(part: Part, buffer: Tensor, spare: Tensor) -> None:
            edges = part.gather(u, into=buffer)
            chosen = spare[: part.source.numel()].view_as(edges)
            torch.eq(edges, part.targets(most), out=chosen)
            share = part.targets(gradient) / chosen.sum(1, keepdim=True)  # of twins in one place
            out[part.rows] = part.spread(chosen.mul_(share))

        ctx.graph.each(u, work, buffers=2)
        return out, None


class _HiddenMoments(torch.autograd.Function):
    """Mean (c,) and covariance (c, c) of h over all edges, and how many these are."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, v: Tensor, graph: Graph) -> tuple[Tensor, Tensor, int]:
        def work(part: Part, buffer: Tensor) -> tuple[Tensor, Tensor]:
            hidden = _hidden(u, v, part, into=buffer)
            return hidden.sum(0), hidden.T @ hidden

        whole, second = summed(graph.each(u, work, buffers=1))
        edges = graph.source.numel()
        mean = whole / edges
        ctx.save_for_backward(u, v, mean)
        ctx.graph, ctx.edges = graph, edges
        return mean, second / edges - mean.outer(mean), edges

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, d_mean: Tensor, d_covariance: Tensor, _: None
    ) -> tuple[Tensor, Tensor, None]:
        u, v, mean = ctx.saved_tensors
        d_u, d_v = torch.empty_like(u), torch.empty_like(v)
        slope, level = moments_slope(mean, d_mean, d_covariance, rows=ctx.edges)
        slope, level = slope.to(u.dtype), level.to(u.dtype)

        def work(part: Part, buffer: Tensor, spare: Tensor) -> None:
            hidden = _hidden(u, v, part, into=buffer)
            d_hidden = torch.addmm(level, hidden, slope, out=spare[: len(hidden)])
            d_edges = part.shaped(unrectify(d_hidden, hidden, into=d_hidden))
            d_u[part.rows] = part.spread(d_edges)
            torch.sum(d_edges, 1, True, out=part.targets(d_v))

        ctx.graph.each(u, work, buffers=2)
        return d_u, d_v, None


class _Mean(torch.autograd.Function):
    """mean_j leaky(V h_ij + b) per point (F·N, c)."""

    @staticmethod
    def forward(ctx: Any, graph: Graph, *inputs: Tensor) -> Tensor:
        u, v, weight, bias = inputs
        mean = torch.empty_like(u)

        def work(part: Part, buffer: Tensor, spare: Tensor) -> None:
            hidden = _hidden(u, v, part, into=buffer)
            mixed = torch.addmm(bias, hidden, weight.T, out=spare[: len(hidden)])
            mixed = part.shaped(functional.leaky_relu_(mixed, SLOPE))
            torch.mean(mixed, 1, True, out=part.targets(mean))

        graph.each(u, work, buffers=2)
        ctx.save_for_backward(u, v, weight, bias)
        ctx.graph = graph
        return mean

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        u, v, weight, bias = ctx.saved_tensors
        d_u, d_v = torch.empty_like(u), torch.empty_like(v)
        none, gradient = torch.zeros_like(bias), gradient / ctx.graph.source.shape[1]

        def work(part: Part, buffer: Tensor, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
            hidden = _hidden(u, v, part, into=buffer)
            mixed = torch.addmm(bias, hidden, weight.T, out=one[: len(hidden)])
            unrectify(part.targets(gradient), part.shaped(mixed), into=part.shaped(mixed))
            d_hidden = torch.addmm(none, mixed, weight, out=other[: len(hidden)])
            of_weights = mixed.T @ hidden, mixed.sum(0)
            d_edges = part.shaped(unrectify(d_hidden, hidden, into=d_hidden))
            d_u[part.rows] = part.spread(d_edges)
            torch.sum(d_edges, 1, True, out=part.targets(d_v))
            return of_weights

        d_weight, d_bias = summed(ctx.graph.each(u, work, buffers=3))
        return None, d_u, d_v, d_weight.to(weight.dtype), d_bias.to(bias.dtype)


largest: Callable[[Tensor, Graph], Tensor] = _Max.apply
hidden_moments: Callable[[Tensor, Tensor, Graph], tuple[Tensor, Tensor, int]] = _HiddenMoments.apply
mixed_mean: Callable[[Graph, Tensor, Tensor, Tensor, Tensor], Tensor] = _Mean.apply
