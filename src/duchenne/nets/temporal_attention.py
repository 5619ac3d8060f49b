"""RealSmileNet's first block: what moves is made to stand out."""

from torch import Tensor, nn

from duchenne.nets.frames import Frames
from duchenne.nets.narrow_conv import NarrowConv


class TemporalAttention(nn.Module):
    """x · conv(change since the frame before) + x; the frame before is the last present one.

    A window's first frame has changed in nothing. The convolution starts as identity, channel by
    channel; in the released code that kernel lies between all channels, and it starts as their sum.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = NarrowConv(channels, channels)
        nn.init.dirac_(self.conv.weight)
        if self.conv.bias is not None:
            nn.init.zeros_(self.conv.bias)

    def forward(self, frames: Frames) -> Tensor:
        """→ (F, C, H, W)."""
        counts = frames.present.sum(dim=1)
        first = counts.cumsum(dim=0) - counts  # rows of `pixels` with which windows begin
        change = frames.pixels - frames.pixels.roll(1, dims=0)
        change.index_fill_(0, first, 0.0)
        seen: Tensor = frames.pixels * self.conv(change) + frames.pixels
        return seen
