"""Features on the edges between a landmark and its neighbours (CurveNet's "LPFA").

An edge j → i carries the geometry g = (p_i, p_j, p_j - p_i). A linear map of it is a map of p_i
plus a map of p_j, so both are made per point and only added per edge.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.kernels.edgewise import SLOPE, hidden_moments, largest, mixed_mean
from duchenne.nets.kernels.folded_norm import FoldedNorm, Moments
from duchenne.nets.kernels.graph import Graph


class EdgeMax(nn.Module):
    """max_j leaky(norm(W g_ij)): geometry (F, k edges, N) → features (F·N, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embed = nn.Linear(9, width, bias=False)
        self.embed_norm = FoldedNorm(width)

    def forward(self, graph: Graph, geometry: Moments | None) -> Tensor:
        source, target, shift = split(*self.embed_norm.fold(self.embed.weight, geometry))
        # Neither what the target adds nor the rectifier changes which neighbour has the most.
        most = largest(graph.points @ source, graph)
        return functional.leaky_relu(most + torch.addmm(shift, graph.points, target), SLOPE)


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
        u = torch.addmm(x, graph.points, source)
        v = torch.addmm(shift, graph.points, target) - x
        hidden = None
        if self.training:
            hidden = Moments(*hidden_moments(u, v, graph))
        weight, bias = self.mix_norm.fold(self.mix.weight, hidden)
        return mixed_mean(graph, u, v, weight, bias)


def split(weight: Tensor, shift: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """W (c, 9) on (p_i, p_j, p_j - p_i) as maps (3, c) of p_j and of p_i.

    With the three rows contiguous: otherwise the product for their gradient takes ten times longer.
    """
    one, other, difference = weight.T.contiguous().chunk(3)
    return other + difference, one - difference, shift
