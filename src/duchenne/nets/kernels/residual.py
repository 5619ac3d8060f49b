"""relu(norm(W x)) for the widest rows of the network, a few thousand at a time.

Only W x and the result are ever whole in memory; what lies between stays in the cache.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from duchenne.nets.kernels.batchnorm import FoldedNorm
from duchenne.nets.kernels.edges import SLOPE, unrectify
from duchenne.nets.kernels.graph import chunks, summed
from duchenne.nets.kernels.shares import total


class _Join(torch.autograd.Function):
    """Rows y (n, i), x (n, j), V (o, i), W (o, j), b (o,) → (n, o)."""

    @staticmethod
    def forward(ctx: Any, bias: Tensor, *inputs: Tensor) -> Tensor:
        y, narrow, x, wide = inputs
        out = x.new_empty((len(x), len(bias)))

        for part in chunks(x, count=len(x), values=len(bias)):
            torch.addmm(bias, y[part], narrow.T, out=out[part])
            functional.leaky_relu_(out[part].addmm_(x[part], wide.T), SLOPE)
        ctx.save_for_backward(y, narrow, x, wide, out)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        y, narrow, x, wide, out = ctx.saved_tensors
        d_y, d_x = torch.empty_like(y), torch.empty_like(x)

        def work(part: slice) -> tuple[Tensor, ...]:
            d_out = unrectify(gradient[part], out[part], into=torch.empty_like(out[part]))
            torch.mm(d_out, narrow, out=d_y[part])
            torch.mm(d_out, wide, out=d_x[part])
            # As (i, o): with eight columns on the right a product takes six times longer.
            return y[part].T @ d_out, x[part].T @ d_out, d_out.sum(0)

        results = [work(part) for part in chunks(x, count=len(x), values=out.shape[1])]
        d_narrow, d_wide, d_bias = (found.to(out.dtype) for found in summed(results))
        return d_bias, d_y, d_narrow.T, d_x, d_wide.T


def wide_map(x: Tensor, weight: Tensor, norm: FoldedNorm) -> Tensor:
    """Rows x (n, i), W (o, i) → (n, o)."""
    if not norm.training:
        return _rectified(x, *norm.fold(weight, None))
    out, mean, variance, rows = _wide(x, weight, norm.weight, norm.bias, norm.eps)
    norm.remember(mean, variance, rows=rows)
    return out


def _rectified(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """relu(W x + b)."""
    if torch.is_grad_enabled():
        return torch.addmm(bias, x, weight.T).relu_()
    out = x.new_empty((len(x), len(bias)))
    for part in chunks(x, count=len(x), values=len(bias)):
        torch.addmm(bias, x[part], weight.T, out=out[part]).relu_()
    return out


class _Wide(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *inputs: Any) -> tuple[Tensor, Tensor, Tensor, int]:
        weight, gain, bias, eps = inputs
        raw, out = x.new_empty((len(x), len(gain))), x.new_empty((len(x), len(gain)))

        def first(part: slice) -> tuple[Tensor, Tensor]:
            torch.mm(x[part], weight.T, out=raw[part])
            return raw[part].sum(0), torch.mul(raw[part], raw[part], out=out[part]).sum(0)

        parts = list(chunks(x, count=len(x), values=len(gain)))
        whole, squares, rows = total(*summed([first(part) for part in parts]), len(x))
        mean = whole / rows
        variance = (squares / rows - mean.square()).clamp_(min=0)
        scale = (variance + eps).rsqrt()
        level, slope = (bias - mean * scale * gain).to(x.dtype), (scale * gain).to(x.dtype)
        for part in parts:
            torch.addcmul(level, raw[part], slope, out=out[part]).relu_()
        ctx.rows = rows
        ctx.save_for_backward(x, weight, gain, raw, out, mean, scale)
        mean, variance = mean.to(x.dtype), variance.to(x.dtype)
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance, rows

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, gain, raw, out, mean, scale = ctx.saved_tensors

        def first(part: slice) -> tuple[Tensor, Tensor]:
            d_out = torch.ops.aten.threshold_backward(gradient[part], out[part], 0)
            return d_out.sum(0), d_out.mul_(raw[part]).sum(0)

        def second(part: slice) -> tuple[Tensor]:
            d_raw = torch.ops.aten.threshold_backward(gradient[part], out[part], 0)
            d_raw = d_raw.add_(level).addcmul_(raw[part], tilt).mul_(slope)
            torch.mm(d_raw, weight, out=d_x[part])
            return (d_raw.T @ x[part],)

        parts = list(chunks(x, count=len(x), values=len(gain)))
        d_bias, product = summed([first(part) for part in parts])
        d_gain = (product - mean * d_bias) * scale
        # By each row of W x: gain · scale · (d_out - its mean - normal row · mean of the products)
        whole_bias, whole_gain = total(d_bias, d_gain)
        tilt = -whole_gain * scale / ctx.rows
        level = (-whole_bias / ctx.rows - tilt * mean).to(x.dtype)
        slope, tilt = (scale * gain).to(x.dtype), tilt.to(x.dtype)
        d_x = torch.empty_like(x)
        [d_weight] = summed([second(part) for part in parts])
        return d_x, d_weight.to(x.dtype), d_gain.to(x.dtype), d_bias.to(x.dtype), None


join: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor] = _Join.apply
_wide: Callable[..., tuple[Tensor, Tensor, Tensor, int]] = _Wide.apply
