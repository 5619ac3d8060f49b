"""Where a residual block's two branches meet: leaky(V y + W x + b), with W and V normalised.

A few thousand rows at a time, so that the widest features of the network are written once.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from duchenne.nets.kernels.chunks import chunks, summed
from duchenne.nets.kernels.edgewise import SLOPE, unrectify


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


join: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor] = _Join.apply
