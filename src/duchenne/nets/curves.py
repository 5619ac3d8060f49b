"""Curves over the face: where they start, how they walk, and what a landmark takes from them.

A curve steps from landmark to neighbouring landmark, each time to the one that a small learned
agent prefers, and so gathers features along a path that follows the expression.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from duchenne.nets.chunks import chunks
from duchenne.nets.edgewise import SLOPE
from duchenne.nets.norm import Norm

_SMALL = 1e-8  # least divisor of the cosine
_FEW = 16  # keys; up to so many the fused attention is slower than its parts


class CurveWalk(nn.Module):
    """Features (F, N, c) → curves (F, M, L, c)."""

    def __init__(self, width: int, *, curves: int, steps: int) -> None:
        super().__init__()
        self.curves, self.steps = curves, steps
        self.score = nn.Linear(width, 1, bias=False)
        self.agent = nn.Linear(2 * width, 1, bias=False)
        self.agent_norm = Norm(1)
        self.momentum = nn.Linear(2 * width, 2, bias=False)
        self.momentum_norm = Norm(2)

    def forward(self, x: Tensor, neighbours: Tensor) -> Tensor:
        """`neighbours` (F, N, k) without the points themselves."""
        score = self.score(x).sigmoid()
        x = x * score
        node = score.detach().squeeze(-1).topk(self.curves, dim=1).indices  # (F, M)
        feature = descriptor = rows(x, node)
        by_point, by_curve = self.agent.weight.chunk(2, dim=1)
        preference = (x @ by_point.T).squeeze(-1)  # (F, N)
        curve = []
        for step in range(self.steps):
            if step:
                descriptor = self._blend(feature, descriptor)
            candidates = rows(neighbours, node)  # (F, M, k)
            logits = preference.gather(1, candidates.flatten(1)).view(candidates.shape)
            logits = self._normalised(logits + descriptor @ by_curve.T)
            if step:
                logits = logits * suppression(x, candidates, feature=feature, past=descriptor)
            chosen = logits.detach().argmax(-1, keepdim=True)
            node = candidates.gather(-1, chosen).squeeze(-1)
            feature = step_to(x, logits.softmax(-1), candidates, node)
            curve.append(feature)
        return torch.stack(curve, dim=2)

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
    cosine = torch.empty_like(candidates, dtype=x.dtype)
    heading = (feature - past).unsqueeze(2)

    def work(part: slice, ahead: Tensor, product: Tensor) -> None:
        ahead.sub_(feature[part].unsqueeze(2))
        torch.mul(ahead, heading[part], out=product.resize_(ahead.shape))
        length = sums(ahead.square_()).sqrt_() * heading[part].norm(dim=-1)
        cosine[part] = sums(product) / length.clamp_(min=_SMALL)

    _visit(x, candidates, work, spare=1)
    return cosine.add_(1).clamp_(0, 1)


def _visit(x: Tensor, index: Tensor, work: Callable[..., None], *, spare: int = 0) -> None:
    """work(part, …) of a few frames at a time, with their rows of x (F, N, c) at index (F, M, k) as
    (f, M, k, c), and with so many spare arrays; all of them are written to again."""
    width = x.shape[-1]
    flat = x.reshape(-1, width)

    found, *others = (x.new_empty(0) for _ in range(1 + spare))
    for part in chunks(x, count=len(x), values=index[0].numel() * width):
        wanted = _flat(x[part], index[part]) + part.start * x.shape[1]
        torch.index_select(flat, 0, wanted, out=found.resize_(len(wanted), width))
        work(part, found.view(*index[part].shape, width), *others)


def sums(x: Tensor) -> Tensor:
    """Over the last axis, as a product with ones: quicker than many sums of few numbers."""
    return x @ x.new_ones(x.shape[-1])


def rows(x: Tensor, index: Tensor) -> Tensor:
    """x (F, N, c) at index (F, …) → (F, …, c)."""
    width = x.shape[-1]
    return x.reshape(-1, width).index_select(0, _flat(x, index)).view(*index.shape, width)


def _flat(x: Tensor, index: Tensor) -> Tensor:
    """The index (F, …) counted over all frames of x (F, N, c), in one row."""
    frames, points, _ = x.shape
    first = torch.arange(0, frames * points, points, device=x.device)
    return (index + first.view(-1, *[1] * (index.ndim - 1))).reshape(-1)


class _Step(torch.autograd.Function):
    """The features (F, M, c) of the nodes that the curves move to.

    Backward as if they were the candidates' mean, weighted with the soft choice (F, M, k): a choice
    itself has no gradient ("straight through").
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, soft: Tensor, candidates: Tensor, node: Tensor) -> Tensor:
        ctx.save_for_backward(x, candidates, node)
        return rows(x, node)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, candidates, node = ctx.saved_tensors
        width = x.shape[-1]
        d_x = torch.zeros_like(x)
        d_x.view(-1, width).index_add_(0, _flat(x, node), gradient.reshape(-1, width))
        d_soft = torch.empty_like(candidates, dtype=x.dtype)

        def work(part: slice, value: Tensor) -> None:
            d_soft[part] = sums(value.mul_(gradient[part].unsqueeze(2)))

        _visit(x, candidates, work)
        return d_x, d_soft, None, None


step_to: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] = _Step.apply


class CurveAggregation(nn.Module):
    """Points (F, N, c) take what they attend to in the curves (F, M, L, c), between and within."""

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
        self.join_norm = Norm(width)

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
