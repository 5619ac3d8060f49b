"""CurveNet (Xiang et al. 2021) as its formulas stand, with every edge feature in memory.

Slow and readable: tests hold the fast `nets.curvenet` and its kernels to the outputs and gradients
of this one. Parameters have the same names in both, so either loads the other's state. F frames of
N points, each with k neighbours; M curves of L steps.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def at(x: Tensor, index: Tensor) -> Tensor:
    """x (F, N, c) at index (F, ...) → (F, ..., c)."""
    return torch.stack([frame[place] for frame, place in zip(x, index, strict=True)])


def norm(layer: nn.Module, x: Tensor) -> Tensor:
    """Batch normalisation of the last axis over all others."""
    normal: Tensor = layer(x.reshape(-1, x.shape[-1]))
    return normal.view_as(x)


def leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2)


def geometry(xyz: Tensor, neighbours: Tensor) -> Tensor:
    """(F, N, k, 9): the point, its neighbour, and the way from the one to the other."""
    other = at(xyz, neighbours)
    own = xyz.unsqueeze(2).expand_as(other)
    return torch.cat([own, other, other - own], dim=-1)


def linear(inner: int, outer: int) -> nn.Linear:
    return nn.Linear(inner, outer, bias=False)


class EdgeMax(nn.Module):
    """Geometry of a point's edges → (F, N, width), the largest per column."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embed, self.embed_norm = linear(9, width), nn.BatchNorm1d(width)

    def forward(self, xyz: Tensor, near: Tensor) -> Tensor:
        edges = leaky(norm(self.embed_norm, self.embed(geometry(xyz, near))))
        return edges.amax(2)


class EdgeMean(nn.Module):
    """Features (F, N, width) of a point and its neighbours, with their geometry → the mean."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embed, self.embed_norm = linear(9, width), nn.BatchNorm1d(width)
        self.mix, self.mix_norm = linear(width, width), nn.BatchNorm1d(width)

    def forward(self, x: Tensor, xyz: Tensor, near: Tensor) -> Tensor:
        place = norm(self.embed_norm, self.embed(geometry(xyz, near)))
        hidden = leaky(at(x, near) - x.unsqueeze(2) + place)
        return leaky(norm(self.mix_norm, self.mix(hidden))).mean(2)


class CurveWalk(nn.Module):
    """Guided walks: each starts at a point of high score and moves to a neighbour, step by step."""

    def __init__(self, width: int, *, curves: int, steps: int) -> None:
        super().__init__()
        self.curves, self.steps = curves, steps
        self.score = linear(width, 1)
        self.agent, self.agent_norm = linear(2 * width, 1), nn.BatchNorm1d(1)
        self.momentum, self.momentum_norm = linear(2 * width, 2), nn.BatchNorm1d(2)

    def starts(self, score: Tensor) -> Tensor:
        """(F, M): the points of the largest scores, in any order."""
        return score.squeeze(-1).topk(self.curves, dim=1).indices

    def forward(self, x: Tensor, others: Tensor) -> Tensor:
        score = torch.sigmoid(self.score(x))
        node = self.starts(score)
        x = x * score
        feature = at(x, node)
        descriptor = feature
        curve = []
        for step in range(self.steps):
            if step > 0:
                mix = norm(self.momentum_norm, self.momentum(torch.cat([feature, descriptor], -1)))
                mix = mix.softmax(-1)
                descriptor = mix[..., :1] * feature + mix[..., 1:] * descriptor
            candidates = at(others, node)
            value = at(x, candidates)  # (F, M, k, c)
            past = descriptor.unsqueeze(2).expand_as(value)
            logits = norm(self.agent_norm, self.agent(torch.cat([value, past], -1))).squeeze(-1)
            if step > 0:
                with torch.no_grad():
                    ahead = value - feature.unsqueeze(2)
                    heading = (feature - descriptor).unsqueeze(2)
                    size = ahead.norm(dim=-1) * heading.norm(dim=-1)
                    cosine = (ahead * heading).sum(-1) / size.clamp(min=1e-8)
                    factor = (1 + cosine).clamp(0, 1)
                logits = logits * factor
            soft = logits.softmax(-1)
            best = soft.argmax(-1)
            hard = functional.one_hot(best, soft.shape[-1]).to(soft.dtype)
            choice = hard + soft - soft.detach()
            feature = (choice.unsqueeze(-1) * value).sum(2)
            node = candidates.gather(-1, best.unsqueeze(-1)).squeeze(-1)
            curve.append(feature)
        return torch.stack(curve, dim=2)  # (F, M, L, c)


class CurveAggregation(nn.Module):
    """Points attend to curves as wholes (inter) and to the steps of all curves (intra)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        middle = width // 2
        self.line = linear(width, 1)
        self.inter_key, self.intra_key = linear(width, middle), linear(width, middle)
        self.query = linear(width, middle)
        self.inter_value, self.intra_value = linear(middle, middle), linear(middle, middle)
        self.join, self.join_norm = linear(2 * middle, width), nn.BatchNorm1d(width)

    def forward(self, x: Tensor, curves: Tensor) -> Tensor:
        beta = self.line(curves)
        inter = self.inter_key((curves * beta.softmax(2)).sum(2))  # (F, M, mid)
        intra = self.intra_key((curves * beta.softmax(1)).sum(1))  # (F, L, mid)
        query = self.query(x)
        to_inter = torch.einsum("fnc,fmc->fnm", query, inter).softmax(-1)
        to_intra = torch.einsum("fnc,flc->fnl", query, intra).softmax(-1)
        x_inter = torch.einsum("fnm,fmc->fnc", to_inter, self.inter_value(inter))
        x_intra = torch.einsum("fnl,flc->fnc", to_intra, self.intra_value(intra))
        return leaky(x + norm(self.join_norm, self.join(torch.cat([x_inter, x_intra], -1))))


class Block(nn.Module):
    """A bottleneck: narrow, walk and aggregate, mix along edges, widen, add the shortcut."""

    def __init__(self, width: int, planes: int, out: int, *, curves: int, steps: int) -> None:
        super().__init__()
        self.narrow, self.narrow_norm = linear(width, planes), nn.BatchNorm1d(planes)
        self.walk = CurveWalk(planes, curves=curves, steps=steps)
        self.aggregation = CurveAggregation(planes)
        self.edges = EdgeMean(planes)
        self.widen, self.widen_norm = linear(planes, out), nn.BatchNorm1d(out)
        self.shortcut = None
        if width != out:
            self.shortcut, self.shortcut_norm = linear(width, out), nn.BatchNorm1d(out)

    def forward(self, x: Tensor, xyz: Tensor, near: Tensor, others: Tensor) -> Tensor:
        y = leaky(norm(self.narrow_norm, self.narrow(x)))
        y = self.aggregation(y, self.walk(y, others))
        y = self.edges(y, xyz, near)
        y = norm(self.widen_norm, self.widen(y))
        if self.shortcut is not None:
            x = norm(self.shortcut_norm, self.shortcut(x))
        return leaky(y + x)


class CurveNet(nn.Module):
    """Landmarks (F, N, 3) and their neighbours (F, N, k + 1) → (F, N, 256)."""

    def __init__(self, *, neighbours: int = 20, curves: int = 100, steps: int = 5) -> None:
        super().__init__()
        self.neighbours = neighbours
        self.lift = EdgeMax(32)
        shapes = ((32, 16, 32), (32, 8, 64), (64, 32, 128), (128, 32, 256))
        self.blocks = nn.ModuleList(Block(*shape, curves=curves, steps=steps) for shape in shapes)
        self.last, self.last_norm = linear(256, 256), nn.BatchNorm1d(256)

    def forward(self, xyz: Tensor, neighbours: Tensor) -> Tensor:
        near = neighbours[:, :, : self.neighbours]
        others = neighbours[:, :, 1 : self.neighbours + 1]
        x = self.lift(xyz, near)
        for block in self.blocks:
            x = block(x, xyz, near, others)
        return functional.relu(norm(self.last_norm, self.last(x)))
