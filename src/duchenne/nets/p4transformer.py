"""P4Transformer: a transformer over small pieces of a point-cloud video.

After Fan, Yang & Kankanhalli, "Point 4D Transformer Networks for Spatio-Temporal Modeling in Point
Cloud Videos" (CVPR 2021), in the form of their network for MSR-Action3D, made smaller. A point 4D
convolution makes a token of the neighbourhood of each anchor in space and time; a linear map of
(x, y, z, t) is added as position embedding; all tokens of a window attend to each other, followed
by max pooling. Landmarks have no features of their own, so the convolution has the mapped
displacement alone, as published.

Other than published: the nearest neighbours, not those within a radius (see `tubes`); absent frames
are left out, while frames beyond the ends of a window were copies of its first and last; one frame
is 0.1 in t, in units of the distance between the eyes, since 1 would outweigh all movement; the
head is one linear layer, with dropout.
"""

import torch
from torch import Tensor, nn

from duchenne.nets.heads import largest, logits
from duchenne.nets.inputs import Output, Windows
from duchenne.nets.kernels.graph import chunks
from duchenne.nets.transformer import Layer
from duchenne.nets.tubes import Span, Tubes, check, tubes

_FRAME = 0.1  # distances between the eyes; within twice that a landmark has 16 neighbours


class P4Transformer(nn.Module):
    def __init__(
        self,
        *,
        classes: int,
        anchors: int = 32,
        neighbours: int = 16,
        radius: int = 1,
        stride: int = 2,
        width: int = 128,
        depth: int = 3,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"depth is {depth}; at least 1 layer is needed")
        self.span = check(Span(anchors, neighbours, radius, stride))
        self.convolution = PointConvolution4d(width)
        self.where = nn.Linear(4, width)
        self.layers = nn.ModuleList(
            Layer(width, heads=heads, mlp=2 * width, dropout=dropout) for _ in range(depth)
        )
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Dropout(dropout), logits(width, classes))

    def forward(self, windows: Windows) -> Output:
        pieces = tubes(windows.xyz, windows.present, self.span)
        x = (self.convolution(pieces) + self.where(_places(pieces))).flatten(1, 2)
        present = pieces.present.repeat_interleave(pieces.centres.shape[2], dim=1)  # (B, G·A)
        for layer in self.layers:
            x = layer(x, present)
        return Output(self.head(largest(x, present)))


class PointConvolution4d(nn.Module):
    """max over a tube's neighbours of W (dx, dy, dz, dt), feature by feature: (B, G, A, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.displacement = nn.Linear(4, width, bias=False)

    def forward(self, pieces: Tubes) -> Tensor:
        ways = _ways(pieces)
        return most(ways.flatten(0, 2), self.displacement.weight).view(*ways.shape[:3], -1)


def most(rows: Tensor, weight: Tensor) -> Tensor:
    """max_s weight · rows_s for rows (R, S, c) and weight (o, c) → (R, o).

    The argmax is found first, in chunks and without a gradient, so that the R·S·o products are
    never in memory at once; only the maximum has a gradient.
    """
    with torch.no_grad():
        parts = chunks(rows, count=len(rows), values=rows.shape[1] * len(weight))
        best = torch.cat([(rows[part] @ weight.T).max(1).indices for part in parts])  # (R, o)
    columns = [axis.gather(1, best) for axis in rows.unbind(-1)]
    return (torch.stack(columns, -1) * weight).sum(-1)


def _ways(pieces: Tubes) -> Tensor:
    """Displacements from anchors to neighbours in space and time, (B, G, A, L·K, 4).

    A frame that is absent gets a displacement of the anchor's own frame, which leaves the maximum
    as it is.
    """
    reach = pieces.seen.shape[-1] // 2
    steps = _FRAME * torch.arange(-reach, reach + 1).to(pieces.way)
    time = steps[:, None, None, None].expand(*pieces.way.shape[:-1], 1)
    ways = torch.cat((pieces.way, time), -1)
    own = ways[:, :, reach : reach + 1, :, :1]
    ways = torch.where(pieces.seen[..., None, None, None], ways, own)
    return ways.transpose(2, 3).flatten(3, 4)


def _places(pieces: Tubes) -> Tensor:
    """x, y, z and t of the anchors, (B, G, A, 4)."""
    time = _FRAME * pieces.frame[..., None, None].expand(*pieces.centres.shape[:-1], 1)
    return torch.cat((pieces.centres, time.to(pieces.centres)), -1)
