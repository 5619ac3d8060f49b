"""From a window of landmarks to one vector; every network here shares it.

Frames are encoded one by one and pooled into latent tokens, a transformer mixes these within and
between frames, a second one the frames. Absent frames never come near the encoder or any batch
statistics, no other frame looks at them, and no mean counts them.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.curvenet import CurveNet
from duchenne.nets.inputs import Windows
from duchenne.nets.kernels.batchnorm import Norm
from duchenne.nets.kernels.pool import pool
from duchenne.nets.kernels.shares import apart
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.transformer import Axis, Transformer


class PerLandmark(nn.Module):
    """One linear map for every landmark, blind to the others: what CurveNet is measured against."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, WIDTH)

    def forward(self, xyz: Tensor, neighbours: Tensor) -> Tensor:
        del neighbours  # all encoders are called alike
        encoded: Tensor = self.linear(xyz)
        return encoded


def _linear(settings: MeshSettings) -> nn.Module:
    del settings  # nothing about it can be set
    return PerLandmark()


def _curvenet(settings: MeshSettings) -> nn.Module:
    return CurveNet(
        settings.points,
        neighbours=settings.neighbours,
        curves=settings.curves,
        steps=settings.steps,
    )


def columns(settings: MeshSettings) -> int:
    """K of `Windows.neighbours`: how many neighbours of a landmark it needs, itself included."""
    return settings.neighbours + 1 if settings.encoder == "curvenet" else 0


class Features(NamedTuple):
    """A batch of windows as the trunk sees it; where a frame is absent, finite and meaningless."""

    tokens: Tensor  # (B, T, L, 256) after the first transformer
    frames: Tensor  # (B, T, 256) after the second
    clip: Tensor  # (B, 256), the mean of the present frames
    present: Tensor  # (B, T) bool


class Trunk(nn.Module):
    """Layers over time and space alternate, and the second transformer looks over time.

    With attention over "time" alone, tokens meet only in their mean. Over "space" alone, frames
    do: then the second transformer too looks over tokens, before their mean, and no frame knows
    its place in time. The number of parameters is the same in all three.
    """

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__()
        self.encoder = ENCODERS[settings.encoder](settings)
        self.pool = Pool(settings)
        first, second = _axes(settings)
        self.first = Transformer(
            first, heads=settings.heads, mlp=settings.mlp, dropout=settings.dropout
        )
        self.second = Transformer(
            second, heads=settings.heads, mlp=settings.mlp, dropout=settings.dropout
        )

    def forward(self, windows: Windows) -> Features:
        present = windows.present
        frames = windows.xyz[present], windows.neighbours[present]
        pooled = apart(self._pooled, *frames, of=(self.encoder, self.pool))
        tokens = pooled.new_zeros((*present.shape, *pooled.shape[1:]))
        tokens[present] = pooled
        tokens = self.first(tokens, present)
        mixed = self.second(self._before_second(tokens), present)
        means = mixed.mean(dim=2)
        return Features(tokens, means, over_present(means, present), present)

    def _pooled(self, xyz: Tensor, neighbours: Tensor) -> Tensor:
        tokens: Tensor = self.pool(self.encoder(xyz, neighbours))
        return tokens

    def _before_second(self, tokens: Tensor) -> Tensor:
        """The mean token as the only one, unless there are tokens still to be mixed."""
        return tokens if "space" in self.second.axes else tokens.mean(dim=2, keepdim=True)


class Pool(nn.Module):
    """(F, N, 256) → (F, latents, 256): each token is a learned weighting of the landmarks."""

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__()
        self.dropout = settings.dropout
        self.weighting = nn.Conv1d(settings.points, settings.latents, kernel_size=1, bias=False)
        self.norm = Norm(settings.latents)

    def forward(self, landmarks: Tensor) -> Tensor:
        pooled: Tensor = self.norm(self._weighted(landmarks))
        return pooled

    def _weighted(self, landmarks: Tensor) -> Tensor:
        share = self.dropout if self.training else 0.0
        if landmarks.is_cuda:  # pieces are for the cache of a CPU
            wide: Tensor = self.weighting(functional.dropout(landmarks, share))
            return wide
        return pool(landmarks, self.weighting.weight.squeeze(-1), share)


def over_present(frames: Tensor, present: Tensor) -> Tensor:
    """The mean of the present ones of (B, T, 256) → (B, 256)."""
    seen = torch.where(present[..., None], frames, 0.0)
    return seen.sum(dim=1) / present.sum(dim=1, keepdim=True)


def _axes(settings: MeshSettings) -> tuple[list[Axis], list[Axis]]:
    """What the layers of the two transformers look along."""
    turns: dict[str, tuple[Axis, Axis]] = {
        "both": ("time", "space"),
        "time": ("time", "time"),
        "space": ("space", "space"),
    }
    turn = turns[settings.attention]
    return [turn[layer % 2] for layer in range(settings.depth)], [turn[0]] * settings.time_depth


ENCODERS: dict[str, Callable[[MeshSettings], nn.Module]] = {
    "curvenet": _curvenet,
    "linear": _linear,
}
