"""CurveNet without subsampling: each frame's landmarks become 256 features per landmark.

The encoder of MeshSmileNet and its successors (Xiang et al. 2021, "Walk in the Cloud"), at full
resolution and without classifier. All of it runs in single precision or better, also under
autocast, since geometry and the choices along curves depend on small differences.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.curves import CurveAggregation, CurveWalk
from duchenne.nets.kernels.batchnorm import FoldedNorm, Moments, moments_of
from duchenne.nets.kernels.edges import SLOPE, hidden_moments, largest, mixed_mean
from duchenne.nets.kernels.graph import Graph, geometry_moments, graph_of, numbered

# in, planes of the bottleneck, out
_BLOCKS = ((32, 16, 32), (32, 8, 64), (64, 32, 128), (128, 32, 256))


class EdgeMax(nn.Module):
    """max_j leaky(norm(W g_ij)): geometry (F, k edges, N) → features (F·N, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embed = nn.Linear(9, width, bias=False)
        self.embed_norm = FoldedNorm(width)

    def forward(self, graph: Graph, geometry: Moments | None) -> Tensor:
        source, target, shift = split(*self.embed_norm.fold(self.embed.weight, geometry))
        # The target's part is the same for all neighbours and the rectifier is monotonic, so the
        # maximum may be taken before both.
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


class CurveNet(nn.Module):
    """Landmarks (F, N, 3) and their neighbours → features (F, N, 256)."""

    width = 256

    def __init__(
        self, points: int = 478, *, neighbours: int = 20, curves: int = 100, steps: int = 5
    ) -> None:
        super().__init__()
        if not 1 <= neighbours < points:
            raise ValueError(f"neighbours is {neighbours}; {points} points allow 1 to {points - 1}")
        if not 1 <= curves <= points:
            raise ValueError(f"curves is {curves}; {points} points allow 1 to {points}")
        if steps < 1:
            raise ValueError(f"steps is {steps}; a curve takes at least 1")
        self.neighbours = neighbours
        self.lift = EdgeMax(_BLOCKS[0][0])
        self.blocks = nn.ModuleList(
            Block(width, planes, out=out, curves=curves, steps=steps)
            for width, planes, out in _BLOCKS
        )
        self.last = nn.Linear(self.width, self.width, bias=False)
        self.last_norm = FoldedNorm(self.width)

    def forward(self, xyz: Tensor, neighbours: Tensor) -> Tensor:
        """`neighbours` (F, N, >= k + 1) as `nearest` lists them: the point itself comes first.

        No gradient reaches `xyz`. Edges take the first k of the list, curves walk on the k others.
        """
        if neighbours.shape[-1] <= self.neighbours:
            raise ValueError(
                f"{neighbours.shape[-1]} neighbours per point; with the point itself this "
                f"network needs {self.neighbours + 1}"
            )
        with torch.autocast(xyz.device.type, enabled=False):
            xyz = xyz.detach().to(self.last.weight.dtype)
            return self._encode(xyz, neighbours.long())

    def _encode(self, xyz: Tensor, neighbours: Tensor) -> Tensor:
        graph = graph_of(xyz, neighbours[..., : self.neighbours])
        geometry = geometry_moments(graph) if self.training else None
        others = numbered(neighbours[..., 1 : self.neighbours + 1], points=xyz.shape[1])
        x = self.lift(graph, geometry)
        for block in self.blocks:
            x = block(x, graph, geometry, others)
        x = functional.relu_(self.last_norm.mapped(self.last.weight, x))
        return x.view(*xyz.shape[:2], self.width)


class Block(nn.Module):
    """A residual block (CurveNet's "CIC"): narrow, take from curves, take from edges, widen."""

    def __init__(self, width: int, planes: int, *, out: int, curves: int, steps: int) -> None:
        super().__init__()
        self.narrow = nn.Linear(width, planes, bias=False)
        self.narrow_norm = FoldedNorm(planes)
        self.walk = CurveWalk(planes, curves=curves, steps=steps)
        self.aggregation = CurveAggregation(planes)
        self.edges = EdgeMean(planes)
        self.widen = nn.Linear(planes, out, bias=False)
        self.widen_norm = FoldedNorm(out)
        self.shortcut = self.shortcut_norm = None
        if width != out:
            self.shortcut = nn.Linear(width, out, bias=False)
            self.shortcut_norm = FoldedNorm(out)

    def forward(self, x: Tensor, graph: Graph, geometry: Moments | None, others: Tensor) -> Tensor:
        """(F·N, width) → (F·N, out); `others` (F, N, k) are those to walk to."""
        y = self.narrow_norm.mapped(self.narrow.weight, x)
        cloud = functional.leaky_relu_(y, SLOPE).view(*others.shape[:2], -1)
        y = self.aggregation(cloud, self.walk(cloud, others)).flatten(0, 1)
        return self._joined(x, self.edges(y, graph, geometry))

    def _joined(self, x: Tensor, y: Tensor) -> Tensor:
        """leaky(norm(widened y) + shortcut of x), rows (F·N, …)."""
        weight, bias = self.widen_norm.fold(self.widen.weight, self._moments(y))
        if self.shortcut is None or self.shortcut_norm is None:
            return functional.leaky_relu_(torch.addmm(x + bias, y, weight.T), SLOPE)
        short, shift = self.shortcut_norm.fold(self.shortcut.weight, self._moments(x))
        both = torch.addmm(bias + shift, y, weight.T).addmm_(x, short.T)
        return functional.leaky_relu_(both, SLOPE)

    def _moments(self, x: Tensor) -> Moments | None:
        return moments_of(x) if self.training else None
