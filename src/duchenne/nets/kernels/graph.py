"""The graph of each frame's landmarks and their neighbours, and sums over its edges.

Edges are visited a few frames at a time, so that their features stay in the processor's cache: with
twenty edges a point, memory is slower than arithmetic.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from duchenne.nets.kernels.batchnorm import Moments

_CACHE = 2_600_000  # bytes of one array; a pass has up to three, and 5 MB are slower already
R = TypeVar("R")


def chunks(like: Tensor, *, count: int, values: int) -> Iterator[slice]:
    """Slices of `count` frames, each of which has so many values of `like`'s kind.

    On a GPU there is one slice: starting more kernels costs more than memory does.
    """
    step = max(1, _CACHE // (values * like.element_size()))
    if like.is_cuda:
        step = max(1, count)
    for first in range(0, count, step):
        yield slice(first, min(first + step, count))


def summed(results: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
    """The sum over all slices of each of their results, in double precision."""
    return [torch.stack(found).double().sum(0) for found in zip(*results, strict=True)]


class Part(NamedTuple):
    """The edges of some frames. Slot s of point i in frame f leads from the point source[f, s, i].

    `rows` are those frames' points among all; `source` (f, k, N), `order` and `begin` are the
    graph's entries for them, and count over all frames as there.
    """

    rows: slice
    source: Tensor
    order: Tensor
    begin: Tensor

    def gather(self, points: Tensor, *, into: Tensor) -> Tensor:
        """The features (f, k, N, c) at the edges' sources, of those at all points (F·N, c).

        They are written to the beginning of `into` (edges, c).
        """
        edges = into[: self.source.numel()]
        torch.index_select(points, 0, self.source.reshape(-1), out=edges)
        return self.shaped(edges)

    def shaped(self, edges: Tensor) -> Tensor:
        """(f·k·N, c) → (f, k, N, c)."""
        return edges.view(*self.source.shape, -1)

    def targets(self, points: Tensor) -> Tensor:
        """The features (f, 1, N, c) at the points where the edges end."""
        frames, _, count = self.source.shape
        return points[self.rows].view(frames, 1, count, -1)

    def spread(self, edges: Tensor) -> Tensor:
        """Sums (f·N, c) of edge features (f, k, N, c) at their sources: the adjoint of `gather`."""
        first = self.rows.start * self.source.shape[1]
        flat = edges.view(-1, edges.shape[-1])
        return functional.embedding_bag(self.order - first, flat, self.begin - first, mode="sum")


class Graph(NamedTuple):
    """The edges of F frames of N points with k edges each, numbered as in `source` (F, k, N).

    `order` lists all edges by their source, and those of row r begin at `begin[r]`. Only gradients
    need these two; while none are recorded they are empty.
    """

    points: Tensor  # (F·N, 3)
    source: Tensor
    order: Tensor
    begin: Tensor

    def parts(self, like: Tensor) -> Iterator[Part]:
        """A few frames at a time, for edge features as wide as `like` (F·N, c)."""
        frames, slots, points = self.source.shape
        for part in chunks(like, count=frames, values=slots * points * like.shape[1]):
            rows = slice(part.start * points, part.stop * points)
            order = self.order[rows.start * slots : rows.stop * slots]
            yield Part(rows, self.source[part], order, self.begin[rows])

    def each(self, like: Tensor, work: Callable[..., R], *, buffers: int) -> list[R]:
        """work(part, …) of every part, with so many arrays (edges, c) to write to."""
        edges = next(self.parts(like)).source.numel()
        own = like.new_empty((buffers, edges, like.shape[1])).unbind()
        return [work(part, *own) for part in self.parts(like)]


def graph_of(xyz: Tensor, neighbours: Tensor) -> Graph:
    """`neighbours` (F, N, k) index points (F, N, 3) of their own frame."""
    frames, points, _ = xyz.shape
    source = numbered(neighbours.transpose(1, 2).long(), points=points).contiguous()
    order = begin = source.new_empty(0)
    if torch.is_grad_enabled():
        order = source.reshape(-1).argsort(stable=True)
        degree = _degree(source, rows=frames * points)
        begin = degree.cumsum(0) - degree
    return Graph(xyz.reshape(-1, 3), source, order, begin)


def numbered(index: Tensor, *, points: int) -> Tensor:
    """Points of their own frame (F, …), each frame having so many, counted over all frames."""
    first = torch.arange(0, len(index) * points, points, device=index.device)
    return index + first.view(-1, *[1] * (index.ndim - 1))


def geometry_moments(graph: Graph) -> Moments:
    """Moments of g = (p_i, p_j, p_j - p_i) over all edges j → i, from sums per point.

    In double precision: the differences of near points are small beside their places.
    """
    slots = graph.source.shape[1]
    place = graph.points.double()
    edges, centre = len(place) * slots, place.sum(0) / len(place)
    place = place - centre
    near = torch.zeros_like(place)
    for slot in graph.source.unbind(1):
        near += place.index_select(0, slot.reshape(-1))
    degree = _degree(graph.source, rows=len(place))[:, None]
    i_i, i_j, j_j = place.T @ place * slots, place.T @ near, place.T @ (place * degree)
    second = torch.cat([torch.cat([i_i, i_j], 1), torch.cat([i_j.T, j_j], 1)])
    mean = torch.cat([torch.zeros_like(centre), near.sum(0) / edges])
    covariance = second / edges - mean.outer(mean)
    one = torch.eye(6, dtype=place.dtype, device=place.device)
    lift = torch.cat([one, one[3:] - one[:3]])  # (p_i, p_j) → g
    mean = lift @ (mean + centre.repeat(2))
    return Moments(mean, lift @ covariance @ lift.T, edges)


def _degree(source: Tensor, *, rows: int) -> Tensor:
    """How many edges leave each row."""
    flat = source.reshape(-1)
    return flat.new_zeros(rows).scatter_add_(0, flat, torch.ones_like(flat))
