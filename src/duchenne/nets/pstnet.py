"""PSTNet: convolutions over point-cloud videos that keep space and time apart.

After Fan, Yu, Ding, Yang & Kankanhalli, "PSTNet: Point Spatio-Temporal Convolution on Point Cloud
Sequences" (ICLR 2021), with the six layers of their network for MSR-Action3D, of smaller widths.
Its inputs are displacements from anchors to neighbours, not positions: it is translation-invariant.

Other than published: the nearest neighbours, not those within a radius (see `tubes`); absent frames
are left out of sums, while frames beyond the ends of a window were points in the origin; dropout;
layer norms, not batch norms, so that a prediction depends on its window alone and a batch may have
one window. A layer norm removes the length of a vector, here of a displacement; a learned bias
before it preserves it.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from duchenne.nets.heads import largest, logits
from duchenne.nets.inputs import Output, Windows
from duchenne.nets.tubes import Span, Tubes, check, frames_of, tubes


class Layer(NamedTuple):
    share: int  # one anchor for so many of the first layer's
    radius: int  # frames before and after
    stride: int  # frames
    growth: int  # of the width


_LAYERS = (
    Layer(1, 0, 1, 1),
    Layer(2, 1, 2, 2),
    Layer(2, 1, 1, 2),
    Layer(4, 1, 2, 4),
    Layer(4, 1, 1, 4),
    Layer(8, 0, 1, 8),
)
# Bound of the initial bias: as large as the sums it is added to, 0.1 to 0.4 with real landmarks.
_LEVEL = 0.3


class Cloud(NamedTuple):
    """The points of frames and their features."""

    xyz: Tensor  # (B, T, N, 3)
    features: Tensor  # (B, T, N, C); C = 0 before the first layer
    present: Tensor  # (B, T) bool; where False, both others are arbitrary


class PstNet(nn.Module):
    def __init__(
        self,
        *,
        classes: int,
        anchors: int = 64,
        neighbours: int = 9,
        width: int = 64,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if width < 2:
            raise ValueError(f"width is {width}; it must be at least 2")
        check(Span(anchors, neighbours, radius=0, stride=1))
        self.convolutions = nn.ModuleList()
        known = 0
        for layer in _LAYERS:
            few = max(1, anchors // layer.share)
            span = Span(few, neighbours, layer.radius, layer.stride)
            self.convolutions.append(PstConvolution(known, layer.growth * width, span=span))
            known = layer.growth * width
        self.head = nn.Sequential(nn.Dropout(dropout), logits(known, classes))

    def forward(self, windows: Windows) -> Output:
        xyz = windows.xyz
        cloud = Cloud(xyz, xyz.new_empty((*xyz.shape[:3], 0)), windows.present)
        for convolution in self.convolutions:
            cloud = convolution(cloud)
        return Output(self.head(largest(cloud.features.mean(2), cloud.present)))


class PstConvolution(nn.Module):
    """relu(Σ_k T_k relu(norm(M_k + b_k))) with M_k = Σ_j D (p_j - c) ⊙ S f_j.

    c is an anchor, k counts the frames of its tube, j the neighbours in one of them, which are at
    p_j and have features f_j. Without features, M_k = Σ_j D (p_j - c).
    """

    def __init__(self, inputs: int, outputs: int, *, span: Span) -> None:
        super().__init__()
        length, middle = 2 * span.radius + 1, outputs * 3 // 4
        self.span = span
        self.displacement = nn.Linear(3, middle, bias=False)  # D
        self.feature = nn.Linear(inputs, middle, bias=False) if inputs else None  # S
        self.level = nn.Parameter(torch.empty(length, middle).uniform_(-_LEVEL, _LEVEL))  # b
        self.norm = nn.LayerNorm(middle)
        self.time = nn.Linear(length * middle, outputs, bias=False)  # T

    def forward(self, cloud: Cloud) -> Cloud:
        pieces = tubes(cloud.xyz, cloud.present, self.span)
        space = self._space(pieces, cloud.features).transpose(2, 3)  # (B, G, A, L, middle)
        space = self.norm(space + self.level).relu() * pieces.seen[:, :, None, :, None]
        return Cloud(pieces.centres, self.time(space.flatten(-2)).relu(), pieces.present)

    def _space(self, pieces: Tubes, features: Tensor) -> Tensor:
        """M: (B, G, L, A, middle)."""
        if self.feature is None:
            summed: Tensor = self.displacement(pieces.way.sum(-2))
            return summed
        # Σ_j D_i (p_j - c)_i S f_j for each axis i: S comes after the sum, of which there are fewer
        gathered = products(pieces, frames_of(features, pieces.source))
        mixed: Tensor = self.feature(gathered) * self.displacement.weight.T
        return mixed.sum(-2)


def products(pieces: Tubes, features: Tensor) -> Tensor:
    """Σ_j (p_j - c) f_jᵀ over neighbours j: (B, G, L, N, C) → (B, G, L, A, 3, C).

    As a matrix product with zeros for all points that are no neighbours: points are few, and
    gathering rows, or scattering gradients back to them, takes several times as long.
    """
    ways = pieces.way.transpose(-1, -2)  # (B, G, L, A, 3, K)
    spread = ways.new_zeros((*ways.shape[:-1], features.shape[-2]))
    spread = spread.scatter(-1, pieces.near.unsqueeze(-2).expand_as(ways), ways)
    return (spread.flatten(-3, -2) @ features).view(*ways.shape[:-1], -1)
