import pytest
import torch
from torch import Tensor

from duchenne.nets.kernels import graph
from duchenne.nets.kernels.dropout import draw_kept
from duchenne.nets.kernels.pool import pool


def given() -> tuple[Tensor, Tensor, Tensor]:
    """Landmarks, weights and a gradient by what is pooled."""
    torch.manual_seed(0)
    landmarks = torch.randn(5, 9, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 9, dtype=torch.float64, requires_grad=True)
    return landmarks, weight, torch.randn(5, 4, 6, dtype=torch.float64)


def pooled(share: float) -> list[Tensor]:
    """What comes out, and the gradients by landmarks and weights."""
    landmarks, weight, gradient = given()
    out = pool(landmarks, weight, share)
    return [out, *torch.autograd.grad(out, (landmarks, weight), gradient)]


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_equals_the_sums_of_what_is_left(share):
    landmarks, weight, gradient = given()
    kept = draw_kept(landmarks, share).double() / (1.0 - share)
    out = torch.einsum("ln,fnc->flc", weight, landmarks * kept)
    expected = [out, *torch.autograd.grad(out, (landmarks, weight), gradient)]
    for found, wanted in zip(pooled(share), expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_pieces_of_any_size_give_the_same(share, monkeypatch):
    whole = pooled(share)
    monkeypatch.setattr(graph, "_CACHE", 2 * 9 * 6 * 8)
    for found, wanted in zip(pooled(share), whole, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
