"""Features on the edges between a landmark and its neighbours (CurveNet's "LPFA").

An edge j → i carries the geometry g = (p_i, p_j, p_j - p_i). A linear map of it is a map of p_i
plus a map of p_j, so both are made per point and only added per edge. What an edge holds is
computed anew in the backward pass, since keeping it costs more time than making it.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from duchenne.nets.graph import Graph, Part
from duchenne.nets.norm import FoldedNorm, Moments

SLOPE = 0.2  # of all leaky rectifiers in this encoder


class EdgeMax(nn.Module):
    """max_j leaky(norm(W g_ij)): geometry (F, k edges, N) → features (F·N, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embed = nn.Linear(9, width, bias=False)
        self.embed_norm = FoldedNorm(width)

    def forward(self, graph: Graph, geometry: Moments | None) -> Tensor:
        source, target, shift = split(*self.embed_norm.fold(self.embed.weight, geometry))
        # Neither what the target adds nor the rectifier changes which neighbour has the most.
        most = largest(graph.points @ source.T, graph)
        return functional.leaky_relu(most + torch.addmm(shift, graph.points, target.T), SLOPE)


class EdgeMean(nn.Module):
    """x (F·N, width) → mean_j leaky(norm(V h_ij)), h_ij = leaky(x_j - x_i + norm(W g_ij))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embed = nn.Linear(9, width, bias=False)
        self.embed_norm = FoldedNorm(width)
        self.mix = nn.Linear(width, width, bias=False)
        self.mix_norm = FoldedNorm(width)

    def forward(self, x: Tensor, graph: Graph, geometry: Moments | None) -> Tensor:
        source, target, shift = split(*self.embed_norm.fold(self.embed.weight, geometry))
        u = torch.addmm(x, graph.points, source.T)
        v = torch.addmm(shift, graph.points, target.T) - x
        hidden = None
        if self.training:
            hidden = Moments(*hidden_moments(u, v, graph), graph.source.numel())
        weight, bias = self.mix_norm.fold(self.mix.weight, hidden)
        return mixed_mean(graph, u, v, weight, bias)


def split(weight: Tensor, shift: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """W (c, 9) on (p_i, p_j, p_j - p_i) as maps (c, 3) of p_j and of p_i."""
    one, other, difference = weight.chunk(3, dim=1)
    return other + difference, one - difference, shift


def _hidden(u: Tensor, v: Tensor, part: Part) -> Tensor:
    """h (f·k·N, c) on the edges of a part: leaky(u_j + v_i)."""
    edges = part.gather(u).add_(part.targets(v))
    return functional.leaky_relu_(edges, SLOPE).view(-1, u.shape[1])


def _unrectify(gradient: Tensor, result: Tensor) -> Tensor:
    """The gradient before a leaky rectifier with this result, in place."""
    torch.ops.aten.leaky_relu_backward.grad_input(
        gradient, result, SLOPE, True, grad_input=gradient
    )
    return gradient


class _Max(torch.autograd.Function):
    """The largest u_j (F·N, c) per point and column, over the edges j → i."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, graph: Graph) -> Tensor:
        most = torch.empty_like(u)
        for part in graph.parts(u.shape[1] * u.element_size()):
            most[part.rows] = part.gather(u).amax(1).view(-1, u.shape[1])
        ctx.save_for_backward(u, most)
        ctx.graph = graph
        return most

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        u, most = ctx.saved_tensors
        out = torch.empty_like(u)
        for part in ctx.graph.parts(u.shape[1] * u.element_size()):
            chosen = (part.gather(u) == part.targets(most)).to(u.dtype)
            share = part.targets(gradient) / chosen.sum(1, keepdim=True)  # of twins in one place
            out[part.rows] = part.spread(chosen.mul_(share))
        return out, None


class _HiddenMoments(torch.autograd.Function):
    """Mean (c,) and covariance (c, c) of h over all edges."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, v: Tensor, graph: Graph) -> tuple[Tensor, Tensor]:
        width, edges = u.shape[1], graph.source.numel()
        total = u.new_zeros(width, dtype=torch.float64)
        second = u.new_zeros((width, width), dtype=torch.float64)
        for part in graph.parts(width * u.element_size()):
            hidden = _hidden(u, v, part)
            total += hidden.sum(0)
            second += hidden.T @ hidden
        mean = total / edges
        covariance = (second / edges - mean.outer(mean)).to(u.dtype)
        mean = mean.to(u.dtype)
        ctx.save_for_backward(u, v, mean)
        ctx.graph = graph
        return mean, covariance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_mean: Tensor, d_covariance: Tensor) -> tuple[Tensor, Tensor, None]:
        u, v, mean = ctx.saved_tensors
        d_u, d_v = torch.empty_like(u), torch.empty_like(v)
        edges = ctx.graph.source.numel()
        slope = (d_covariance + d_covariance.T) / edges
        level = d_mean / edges - slope @ mean
        for part in ctx.graph.parts(u.shape[1] * u.element_size()):
            hidden = _hidden(u, v, part)
            d_edge = _unrectify(torch.addmm(level, hidden, slope), hidden)
            d_edge = d_edge.view(*part.source.shape, -1)
            d_u[part.rows] = part.spread(d_edge)
            d_v[part.rows] = d_edge.sum(1).view(-1, u.shape[1])
        return d_u, d_v, None


class _Mean(torch.autograd.Function):
    """mean_j leaky(V h_ij + b) per point (F·N, c)."""

    @staticmethod
    def forward(ctx: Any, graph: Graph, *inputs: Tensor) -> Tensor:
        u, v, weight, bias = inputs
        mean = torch.empty_like(u)
        for part in graph.parts(u.shape[1] * u.element_size()):
            mixed = torch.addmm(bias, _hidden(u, v, part), weight.T)
            mixed = functional.leaky_relu_(mixed, SLOPE).view(*part.source.shape, -1)
            mean[part.rows] = mixed.mean(1).view(-1, u.shape[1])
        ctx.save_for_backward(u, v, weight, bias)
        ctx.graph = graph
        return mean

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        u, v, weight, bias = ctx.saved_tensors
        d_u, d_v = torch.empty_like(u), torch.empty_like(v)
        d_weight = torch.zeros_like(weight, dtype=torch.float64)
        d_bias = torch.zeros_like(bias, dtype=torch.float64)
        gradient = gradient / ctx.graph.source.shape[1]
        for part in ctx.graph.parts(u.shape[1] * u.element_size()):
            hidden = _hidden(u, v, part)
            mixed = torch.addmm(bias, hidden, weight.T).view(*part.source.shape, -1)
            share = part.targets(gradient).expand_as(mixed)
            d_mixed = torch.ops.aten.leaky_relu_backward(share, mixed, SLOPE, False)
            d_mixed = d_mixed.view(hidden.shape)
            d_weight += d_mixed.T @ hidden
            d_bias += d_mixed.sum(0)
            d_edge = _unrectify(d_mixed @ weight, hidden).view(*part.source.shape, -1)
            d_u[part.rows] = part.spread(d_edge)
            d_v[part.rows] = d_edge.sum(1).view(-1, u.shape[1])
        return None, d_u, d_v, d_weight.to(weight.dtype), d_bias.to(bias.dtype)


largest: Callable[[Tensor, Graph], Tensor] = _Max.apply
hidden_moments: Callable[[Tensor, Tensor, Graph], tuple[Tensor, Tensor]] = _HiddenMoments.apply
mixed_mean: Callable[[Graph, Tensor, Tensor, Tensor, Tensor], Tensor] = _Mean.apply
