"""Who is whose neighbour, and the sums over edges that both directions need.

Edges are visited a few frames at a time, which fit the processor's cache: with twenty edges per
point memory is slower than arithmetic.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from duchenne.nets.norm import Moments

_CACHE = 5_000_000  # bytes of one edge array at a time


class Part(NamedTuple):
    """The edges of some frames. Slot s of point i in frame f leads from the point source[f, s, i].

    `rows` are those frames' points among all; `source` (f, k, N) counts rows over all frames;
    `order` and `begin` are the part's own (see Graph).
    """

    rows: slice
    source: Tensor
    order: Tensor
    begin: Tensor

    def gather(self, points: Tensor) -> Tensor:
        """The features (f, k, N, c) at the edges' sources, of those at all points (F·N, c)."""
        found = points.index_select(0, self.source.reshape(-1))
        return found.view(*self.source.shape, -1)

    def targets(self, points: Tensor) -> Tensor:
        """The features (f, 1, N, c) at the points where the edges end."""
        frames, _, count = self.source.shape
        return points[self.rows].view(frames, 1, count, -1)

    def spread(self, edges: Tensor) -> Tensor:
        """Sums (f·N, c) of edge features (f, k, N, c) at their sources: the adjoint of `gather`."""
        flat = edges.reshape(-1, edges.shape[-1])
        return functional.embedding_bag(self.order, flat, self.begin, mode="sum")


class Graph(NamedTuple):
    """The edges of F frames of N points with k edges each, numbered as in `source` (F, k, N).

    `order` lists all edges by their source, and those of row r begin at `begin[r]`; without
    gradients nobody asks for them, and they are empty.
    """

    points: Tensor  # (F·N, 3)
    source: Tensor
    order: Tensor
    begin: Tensor

    def parts(self, row: int) -> Iterator[Part]:
        """A few frames at a time, for edge features of `row` bytes an edge.

        On a GPU all at once: there launches cost more than memory.
        """
        frames, slots, points = self.source.shape
        step = max(1, frames if self.source.is_cuda else _CACHE // (slots * points * row))
        for first in range(0, frames, step):
            last = min(first + step, frames)
            rows, edge = slice(first * points, last * points), first * points * slots
            order = self.order[edge : last * points * slots] - edge
            yield Part(rows, self.source[first:last], order, self.begin[rows] - edge)


def graph_of(xyz: Tensor, neighbours: Tensor) -> Graph:
    """`neighbours` (F, N, k) index points (F, N, 3) of their own frame."""
    frames, points, _ = xyz.shape
    first = torch.arange(0, frames * points, points, device=xyz.device)
    source = (neighbours.transpose(1, 2).long() + first[:, None, None]).contiguous()
    order = begin = source.new_empty(0)
    if torch.is_grad_enabled():
        order = source.reshape(-1).argsort(stable=True)
        degree = _degree(source, rows=frames * points)
        begin = degree.cumsum(0) - degree
    return Graph(xyz.reshape(-1, 3), source, order, begin)


def geometry_moments(graph: Graph) -> Moments:
    """Moments of g = (p_i, p_j, p_j - p_i) over all edges j → i, from sums per point.

    In double precision: the differences of near points are small beside their places.
    """
    slots = graph.source.shape[1]
    place = graph.points.double()
    edges = len(place) * slots
    centre = place.mean(0)
    place = place - centre
    near = functional.embedding_bag(
        graph.source.transpose(1, 2).reshape(-1, slots), place, mode="sum"
    )
    degree = _degree(graph.source, rows=len(place))[:, None]
    i_i, i_j, j_j = place.T @ place * slots, place.T @ near, place.T @ (place * degree)
    second = torch.cat([torch.cat([i_i, i_j], 1), torch.cat([i_j.T, j_j], 1)])
    mean = torch.cat([torch.zeros_like(centre), near.sum(0) / edges])
    covariance = second / edges - mean.outer(mean)
    one = torch.eye(6, dtype=place.dtype, device=place.device)
    lift = torch.cat([one, one[3:] - one[:3]])  # (p_i, p_j) → g
    mean = lift @ (mean + centre.repeat(2))
    kind = graph.points.dtype
    return Moments(mean.to(kind), (lift @ covariance @ lift.T).to(kind), edges)


def _degree(source: Tensor, *, rows: int) -> Tensor:
    """How many edges leave each row."""
    flat = source.reshape(-1)
    return flat.new_zeros(rows).scatter_add_(0, flat, torch.ones_like(flat))
