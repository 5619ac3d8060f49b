"""CurveNet's curves: guided walks over a face, and the attention of landmarks to them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from duchenne.nets.kernels.edges import SLOPE
from duchenne.nets.kernels.graph import chunks, numbered

_SMALL = 1e-8  # least divisor of the cosine
_FEW = 16  # keys; up to so many the fused attention is slower than its parts


class CurveWalk(nn.Module):
    """Features (F, N, c) → curves (F, M, L, c)."""

    def __init__(self, width: int, *, curves: int, steps: int) -> None:
        super().__init__()
        self.curves, self.steps = curves, steps
        self.score = nn.Linear(width, 1, bias=False)
        self.agent = nn.Linear(2 * width, 1, bias=False)
        self.agent_norm = nn.BatchNorm1d(1)
        self.momentum = nn.Linear(2 * width, 2, bias=False)
        self.momentum_norm = nn.BatchNorm1d(2)

    def forward(self, x: Tensor, neighbours: Tensor) -> Tensor:
        """`neighbours` (F, N, k) without the points themselves, numbered over all frames."""
        score = self.score(x).sigmoid()
        node = self._starts(score.detach().squeeze(-1))
        x, neighbours = (x * score).flatten(0, 1), neighbours.flatten(0, 1)
        feature = descriptor = at(x, node)
        by_point, by_curve = self.agent.weight.chunk(2, dim=1)
        preference = (x @ by_point.T).squeeze(-1)  # (F·N,)
        curve = []
        for step in range(self.steps):
            if step:
                descriptor = self._blend(feature, descriptor)
            candidates = at(neighbours, node)  # (F, M, k)
            logits = self._normalised(at(preference, candidates) + descriptor @ by_curve.T)
            if step:
                logits = logits * suppression(x, candidates, feature=feature, past=descriptor)
            chosen = logits.detach().argmax(-1, keepdim=True)
            node = candidates.gather(-1, chosen).squeeze(-1)
            feature = _moved(x, logits, candidates, node)
            curve.append(feature)
        return torch.stack(curve, dim=2)

    def _starts(self, score: Tensor) -> Tensor:
        """(F, M): the points of a frame that score (F, N) the most."""
        return numbered(score.topk(self.curves, dim=1).indices, points=score.shape[1])

    def _blend(self, feature: Tensor, descriptor: Tensor) -> Tensor:
        """The descriptor after one more feature, (F, M, c)."""
        both = self.momentum(torch.cat([feature, descriptor], dim=-1))
        normal: Tensor = self.momentum_norm(both.flatten(0, 1))
        now, before = normal.view_as(both).softmax(-1).chunk(2, dim=-1)
        return now * feature + before * descriptor

    def _normalised(self, logits: Tensor) -> Tensor:
        # One column of many rows takes batch normalisation ten times longer than one long row.
        normal: Tensor = self.agent_norm(logits.view(1, 1, -1))
        return normal.view(logits.shape)


@torch.no_grad()
def suppression(x: Tensor, candidates: Tensor, *, feature: Tensor, past: Tensor) -> Tensor:
    """Factors (F, M, k) in [0, 1] that keep a curve from turning back on itself.

    1 + cos(feature - past, candidate - feature), at most 1.
    """
    heading = feature - past
    along, length = (torch.empty_like(candidates, dtype=x.dtype) for _ in range(2))

    def work(part: slice, ahead: Tensor, product: Tensor) -> None:
        ahead.sub_(feature[part].unsqueeze(2))
        sums(torch.mul(ahead, heading[part].unsqueeze(2), out=product), into=along[part])
        sums(ahead.square_(), into=length[part])

    _visit(x, candidates, work, buffers=2)
    length.sqrt_().mul_(heading.norm(dim=-1, keepdim=True)).clamp_(min=_SMALL)
    return along.div_(length).add_(1).clamp_(0, 1)


def at(x: Tensor, index: Tensor) -> Tensor:
    """Rows of x (n, …) at an index of any shape."""
    return x.index_select(0, index.flatten()).view(*index.shape, *x.shape[1:])


def sums(x: Tensor, *, into: Tensor) -> None:
    """Over the last axis, as a product with ones: quicker than many sums of few numbers."""
    width = x.shape[-1]
    torch.mv(x.view(-1, width), x.new_ones(width), out=into.view(-1))


def _visit(x: Tensor, index: Tensor, work: Callable[..., None], *, buffers: int) -> None:
    """Call work(part, …) for a few frames at a time, with rows of x (n, c) at index (F, M, k) as
    (f, M, k, c) and further buffers of that shape, which are used again for the next part."""
    width = x.shape[1]
    parts = list(chunks(x, count=len(index), values=index[0].numel() * width))
    own = x.new_empty((buffers, index[parts[0]].numel(), width))
    for part in parts:
        shape = index[part].shape
        found, *others = (rows[: shape.numel()].view(*shape, width) for rows in own)
        torch.index_select(x, 0, index[part].flatten(), out=found.view(-1, width))
        work(part, found, *others)


class _Step(torch.autograd.Function):
    """The features (F, M, c) of the nodes that the curves move to, a "straight-through" choice.

    A choice has no gradient, so backward takes the mean of the candidates, weighted with the soft
    choice (F, M, k).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, soft: Tensor, candidates: Tensor, node: Tensor) -> Tensor:
        ctx.save_for_backward(x, candidates, node)
        return at(x, node)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, candidates, node = ctx.saved_tensors
        d_x = torch.zeros_like(x)
        d_x.index_add_(0, node.flatten(), gradient.flatten(0, 1))
        d_soft = torch.empty_like(candidates, dtype=x.dtype)

        def work(part: slice, value: Tensor) -> None:
            sums(value.mul_(gradient[part].unsqueeze(2)), into=d_soft[part])

        _visit(x, candidates, work, buffers=1)
        return d_x, d_soft, None, None


def _moved(x: Tensor, logits: Tensor, candidates: Tensor, node: Tensor) -> Tensor:
    if torch.is_grad_enabled():
        return _step(x, logits.softmax(-1), candidates, node)
    return at(x, node)  # without gradients the other candidates do not matter


class CurveAggregation(nn.Module):
    """Points (F, N, c) attend to the curves (F, M, L, c): to whole curves and to their steps."""

    def __init__(self, width: int) -> None:
        super().__init__()
        middle = width // 2
        self.line = nn.Linear(width, 1, bias=False)
        self.inter_key = nn.Linear(width, middle, bias=False)
        self.intra_key = nn.Linear(width, middle, bias=False)
        self.query = nn.Linear(width, middle, bias=False)
        self.inter_value = nn.Linear(middle, middle, bias=False)
        self.intra_value = nn.Linear(middle, middle, bias=False)
        self.join = nn.Linear(2 * middle, width, bias=False)
        self.join_norm = nn.BatchNorm1d(width)

    def forward(self, x: Tensor, curves: Tensor) -> Tensor:
        weight = self.line(curves)  # (F, M, L, 1)
        inter = self.inter_key((curves * weight.softmax(2)).sum(2))
        intra = self.intra_key((curves * weight.softmax(1)).sum(1))
        query = self.query(x)
        found = [
            attend(query, inter, self.inter_value(inter)),
            attend(query, intra, self.intra_value(intra)),
        ]
        joined = self.join_norm(self.join(torch.cat(found, dim=-1)).flatten(0, 1))
        return functional.leaky_relu_(x + joined.view_as(x), SLOPE)


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Unscaled attention of one head: query (F, N, c), key and value (F, m, c) → (F, N, c)."""
    if key.shape[1] <= _FEW:
        # Keys before points: torch is slow at exponentials over a short last axis.
        share: Tensor = (key @ query.transpose(1, 2)).softmax(1)  # (F, m, N)
        return share.transpose(1, 2) @ value
    one, two, three = (part.unsqueeze(1) for part in (query, key, value))
    return functional.scaled_dot_product_attention(one, two, three, scale=1.0).squeeze(1)


_step: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] = _Step.apply
