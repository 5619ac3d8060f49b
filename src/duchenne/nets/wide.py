"""relu(norm(W x)) for the widest rows of the network, a few thousand at a time.

Only W x and the result are ever whole in memory; what lies between stays in the cache.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from duchenne.nets.chunks import chunks
from duchenne.nets.norm import FoldedNorm


def wide_map(x: Tensor, weight: Tensor, norm: FoldedNorm) -> Tensor:
    """Rows x (n, i), W (o, i) → (n, o)."""
    if not norm.training:
        return _rectified(x, *norm.fold(weight, None))
    out, mean, variance = _wide(x, weight, norm.weight, norm.bias, norm.eps)
    norm.remember(mean, variance, rows=len(x))
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
    def forward(ctx: Any, x: Tensor, *inputs: Any) -> tuple[Tensor, Tensor, Tensor]:
        weight, gain, bias, eps = inputs
        raw, out = x.new_empty((len(x), len(gain))), x.new_empty((len(x), len(gain)))
        total, squares = gain.new_zeros((2, len(gain)), dtype=torch.float64)
        for part in chunks(x, count=len(x), values=len(gain)):
            torch.mm(x[part], weight.T, out=raw[part])
            total += raw[part].sum(0)
            squares += torch.mul(raw[part], raw[part], out=out[part]).sum(0)
        mean = total / len(x)
        variance = (squares / len(x) - mean.square()).clamp_(min=0)
        scale = (variance + eps).rsqrt()
        level, slope = (bias - mean * scale * gain).to(x.dtype), (scale * gain).to(x.dtype)
        for part in chunks(x, count=len(x), values=len(gain)):
            torch.addcmul(level, raw[part], slope, out=out[part]).relu_()
        ctx.save_for_backward(x, weight, gain, raw, out, mean, scale)
        mean, variance = mean.to(x.dtype), variance.to(x.dtype)
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, gain, raw, out, mean, scale = ctx.saved_tensors
        d_bias, product = gain.new_zeros((2, len(gain)), dtype=torch.float64)
        for part in chunks(x, count=len(x), values=len(gain)):
            d_out = torch.ops.aten.threshold_backward(gradient[part], out[part], 0)
            d_bias += d_out.sum(0)
            product += d_out.mul_(raw[part]).sum(0)
        d_gain = (product - mean * d_bias) * scale
        # By each row of W x: gain · scale · (d_out - its mean - normal row · mean of the products)
        tilt = -d_gain * scale / len(x)
        level = (-d_bias / len(x) - tilt * mean).to(x.dtype)
        slope, tilt = (scale * gain).to(x.dtype), tilt.to(x.dtype)
        d_x, d_weight = torch.empty_like(x), torch.zeros_like(weight)
        for part in chunks(x, count=len(x), values=len(gain)):
            d_raw = torch.ops.aten.threshold_backward(gradient[part], out[part], 0)
            d_raw = d_raw.add_(level).addcmul_(raw[part], tilt).mul_(slope)
            torch.mm(d_raw, weight, out=d_x[part])
            d_weight.addmm_(d_raw.T, x[part])
        return d_x, d_weight, d_gain.to(x.dtype), d_bias.to(x.dtype), None


_wide: Callable[..., tuple[Tensor, Tensor, Tensor]] = _Wide.apply
