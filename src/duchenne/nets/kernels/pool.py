"""Weighted sums of a frame's landmarks after dropout.

The encoder's output is the largest array of a training step. Dropout is applied to a few frames at
a time, in the processor's cache, and again for the gradient, so no second array of that size is
stored.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from duchenne.nets.kernels.dropout import draw_kept, makeup
from duchenne.nets.kernels.graph import chunks, summed


class _Pool(torch.autograd.Function):
    """Landmarks (F, N, c), weights (L, N) → (F, L, c)."""

    @staticmethod
    def forward(ctx: Any, landmarks: Tensor, weight: Tensor, share: float) -> Tensor:
        kept = draw_kept(landmarks, share) if share else None
        weight = weight * makeup(share)
        pooled = landmarks.new_empty((len(landmarks), len(weight), landmarks.shape[2]))

        for part in _parts(landmarks):
            torch.bmm(_each(weight, part), _left(landmarks, kept, part), out=pooled[part])
        ctx.save_for_backward(landmarks, weight, kept)
        ctx.makeup = makeup(share)
        return pooled

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        landmarks, weight, kept = ctx.saved_tensors
        d_landmarks = torch.empty_like(landmarks)

        def work(part: slice) -> tuple[Tensor]:
            torch.bmm(_each(weight.T, part), gradient[part], out=d_landmarks[part])
            if kept is not None:
                d_landmarks[part].mul_(kept[part])
            left = _left(landmarks, kept, part)
            return (torch.bmm(gradient[part], left.transpose(1, 2)).sum(0),)

        [d_weight] = summed([work(part) for part in _parts(landmarks)])
        return d_landmarks, d_weight.to(weight.dtype) * ctx.makeup, None


def _parts(landmarks: Tensor) -> Iterator[slice]:
    return chunks(landmarks, count=len(landmarks), values=landmarks.shape[1] * landmarks.shape[2])


def _each(weight: Tensor, part: slice) -> Tensor:
    """The same for every frame of a part."""
    return weight.expand(part.stop - part.start, -1, -1)


def _left(landmarks: Tensor, kept: Tensor | None, part: slice) -> Tensor:
    return landmarks[part] if kept is None else landmarks[part] * kept[part]


pool: Callable[[Tensor, Tensor, float], Tensor] = _Pool.apply
