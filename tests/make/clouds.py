"""Small versions of the two networks for point-cloud videos, and moving point clouds."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from duchenne.nets.inputs import Windows
from duchenne.nets.p4transformer import P4Transformer
from duchenne.nets.pstnet import PstNet

Make = Callable[..., nn.Module]


def pstnet(**given: Any) -> nn.Module:
    few: dict[str, Any] = {
        "classes": 2,
        "anchors": 12,
        "neighbours": 4,
        "width": 16,
        "dropout": 0.0,
    }
    return built(PstNet, **few | given)


def p4transformer(**given: Any) -> nn.Module:
    few: dict[str, Any] = {
        "classes": 2,
        "anchors": 6,
        "neighbours": 4,
        "width": 16,
        "depth": 2,
        "heads": 2,
        "dropout": 0.0,
    }
    return built(P4Transformer, **few | given)


def built(kind: Make, **given: Any) -> nn.Module:
    """A network in double precision, where equal results agree to ten digits."""
    torch.manual_seed(0)
    return kind(**given).double()


def windows(*rows: str, points: int = 30, seed: int = 0) -> Windows:
    """One window for each row, of a cloud that moves a little from frame to frame.

    A row has a letter for each frame: `.` is present, `x` absent.
    """
    present = torch.tensor([[letter == "." for letter in row] for row in rows])
    maker = torch.Generator().manual_seed(seed)
    rest = torch.randn((len(rows), 1, points, 3), generator=maker, dtype=torch.float64)
    moves = torch.randn((*present.shape, points, 3), generator=maker, dtype=torch.float64)
    return of(rest + 0.1 * moves, present)


def of(xyz: Tensor, present: Tensor) -> Windows:
    none = torch.zeros((*xyz.shape[:3], 0), dtype=torch.int64)
    return Windows(xyz, none, present, torch.zeros((len(xyz), 0)))


def logits(net: nn.Module, given: Windows) -> Tensor:
    found: Tensor = net(given).logits
    return found


def learnt(net: nn.Module, given: Windows) -> tuple[Tensor, dict[str, Tensor]]:
    """The logits in training mode, and all gradients of their weighted sum."""
    out = logits(net.train(), given)
    net.zero_grad()
    (out * torch.arange(1.0, 1.0 + out.numel()).view_as(out)).sum().backward()
    gradients = {name: p.grad for name, p in net.named_parameters() if p.grad is not None}
    return out.detach(), gradients


def close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=0.0, atol=1e-10)


def different(one: Tensor, other: Tensor) -> bool:
    return bool(((one - other).abs() > 1e-3 * other.abs()).all())
