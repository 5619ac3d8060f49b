"""The trunk of all `mesh` networks: from a window of landmarks to one vector.

Frames are encoded one by one and pooled into latent tokens. A first transformer mixes tokens within
and between frames, a second one the frames. Absent frames do not enter the encoder, batch
statistics, attention or means.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.curvenet import CurveNet
from duchenne.nets.inputs import Windows
from duchenne.nets.kernels.pool import pool
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.transformer import Axis, Transformer


class PerLandmark(nn.Module):
    """One linear map for every landmark by itself: the ablation of CurveNet."""

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
    """Encoder, pooling and two transformers; settings.attention chooses their axes.

    "both": layers over time and over space alternate in the first, the second looks over time.
    "time": tokens are mixed only by their mean. "space": frames are mixed only by their mean, the
    second transformer looks over tokens before their mean, and frames have no place in time. The
    number of parameters is the same in all three.
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
        pooled: Tensor = self.pool(self.encoder(*frames))
        tokens = pooled.new_zeros((*present.shape, *pooled.shape[1:]))
        tokens[present] = pooled
        tokens = self.first(tokens, present)
        mixed = self.second(self._before_second(tokens), present)
        means = mixed.mean(dim=2)
        return Features(tokens, means, over_present(means, present), present)

    def _before_second(self, tokens: Tensor) -> Tensor:
        """The mean token of each frame, unless the second transformer looks over tokens."""
        return tokens if "space" in self.second.axes else tokens.mean(dim=2, keepdim=True)


class Pool(nn.Module):
    """(F, N, 256) → (F, latents, 256): each token is a learned weighting of the landmarks."""

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__()
        self.dropout = settings.dropout
        self.weighting = nn.Conv1d(settings.points, settings.latents, kernel_size=1, bias=False)
        self.norm = nn.BatchNorm1d(settings.latents)

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
